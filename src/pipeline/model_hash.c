/* i2v_model_hash: which weights an opened model has. */
#include "pipeline/engine.h"
#include "weights/fingerprint.h"

i2v_status i2v_model_hash(i2v_engine *engine, char hex[I2V_SHA256_SIZE]) {
    hex[0] = '\0';
    i2v_status status = i2v_engine_check_opened(engine);
    if (status) return status;
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    for (int i = 0; i < I2V_PARTS_COUNT; i++) {
        if (engine->weights[i]) i2v_weights_fingerprint(engine->weights[i], &hash);
    }
    i2v_lora_fingerprint(engine->lora, &hash);
    return i2v_sha256_end(&hash, hex, &engine->error);
}
