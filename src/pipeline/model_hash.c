/* i2v_model_hash: which weights an opened model has. */
#include "pipeline/engine.h"
#include "weights/fingerprint.h"

i2v_status i2v_model_hash(i2v_engine *engine, char hex[I2V_SHA256_SIZE]) {
    if (hex) hex[0] = '\0';
    i2v_status status = i2v_engine_ask(engine);
    if (!status) status = i2v_require(&engine->error, "hex", hex, NULL);
    if (status) return status;
    const i2v_model *model = engine->model;
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    for (int i = 0; !status && i < I2V_PARTS_COUNT; i++) {
        if (model->weights[i]) status = i2v_weights_fingerprint(model->weights[i], &hash, &engine->error);
    }
    if (!status) status = i2v_lora_fingerprint(model->lora, &hash, &engine->error);
    i2v_status ended = i2v_sha256_end(&hash, hex, status ? NULL : &engine->error);
    if (status) hex[0] = '\0';
    return status ? status : ended;
}
