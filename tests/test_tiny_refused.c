/* Tiny decoders that are none, or damaged: each sentence names the file, what is wrong and the way out. */
#include "small_run.h"
#include "temporary_folder.h"
#include "torch_archive.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA(name) I2V_TEST_DATA "/tiny/" name
#define WAY_OUT                                                                                                        \
    "; give the decoder's file, such as taesd_decoder or taesdv, .safetensors or .pth (github.com/madebyollin/taesd "  \
    "and taesdv have them), or the folder of an AutoencoderTiny of diffusers'"

/* The whole sentence, after the path. */
static void refuses(const char *tiny, i2v_status wanted, const char *format, const char *again) {
    i2v_engine *engine = NULL;
    i2v_options options;
    char path[700], sentence[2000];
    snprintf(path, sizeof path, "%s", tiny);
    i2v_options_default(&options);
    options.tiny_decoder = path;
    i2v_status status = i2v_open(&engine, i2v_reference_at(0).model, &options);
    int used = snprintf(sentence, sizeof sentence, "%s: ", path);
    snprintf(sentence + used, sizeof sentence - (size_t)used, format, again);
    assert_string_equal(i2v_error_message(engine), sentence);
    assert_int_equal(status, wanted);
    i2v_close(engine);
}

/* A copy of a tiny decoder's file in the folder, cut to `size` bytes (0: not), and with other bytes in the place of
 * some, of the same length (NULL: none). */
static const char *copy_of(const char *from, const char *name, size_t size, const char *old, const char *put) {
    uint8_t *data = NULL;
    size_t whole = 0;
    i2v_error error = {0};
    if (i2v_file_read(&data, &whole, from, (size_t)1 << 20, &error)) fail_msg("%s", error.message);
    if (old) {
        uint8_t *at = memmem(data, whole, old, strlen(old));
        assert_non_null(at);
        memcpy(at, put, strlen(old));
    }
    write_file(name, data, size ? size : whole);
    free(data);
    return in_folder(name);
}

static void what_is_no_file_of_weights(void **state) {
    (void)state;
    refuses(in_folder("nowhere.pth"), I2V_ERROR_IO, "there is no such file or folder" WAY_OUT, NULL);
    refuses("taesdv", I2V_ERROR_IO, "there is no such file or folder" WAY_OUT, NULL);
    write_text("text.pth", "<html>not found");
    refuses(in_folder("text.pth"), I2V_ERROR_MODEL,
            "it is a web page, where weights in safetensors' format should be; get the file itself, for instance "
            "with `img2vid pull`",
            NULL);
}

static void folders(void **state) {
    (void)state;
    static const char none[] = "it is not the folder of an AutoencoderTiny of diffusers', ";
    char says[1200], inside[700];
    assert_int_equal(mkdir(in_folder("made"), 0700), 0);
    snprintf(says, sizeof says, "%ssince it has no diffusion_pytorch_model.safetensors or .bin" WAY_OUT, none);
    refuses(in_folder("made"), I2V_ERROR_MODEL, says, NULL);
    copy_of(DATA("taesd_decoder.pth"), "made/taesd_decoder.pth", 0, NULL, NULL);
    snprintf(inside, sizeof inside, "%s", in_folder("made/taesd_decoder.pth"));
    snprintf(says, sizeof says, "%sbut it has taesd_decoder.pth: give %%s", none);
    refuses(in_folder("made"), I2V_ERROR_MODEL, says, inside);
    assert_int_equal(rename(inside, in_folder("file")), 0);
    assert_int_equal(rmdir(in_folder("made")), 0);
}

static void other_weights(void **state) {
    (void)state;
    static const char wrong[] = "the file is no decoder of TAESD, TAESDV or AutoencoderTiny, or it is damaged: "
                                "download it again";
    refuses(DATA("frames.safetensors"), I2V_ERROR_MODEL,
            "it has no decoder of TAESD, TAESDV or diffusers' AutoencoderTiny (its first tensor is latents)" WAY_OUT,
            NULL);
    refuses(copy_of(DATA("taesd.safetensors"), "a.safetensors", 0, "decoder.layers.18.bias", "decoder.layers.19.bias"),
            I2V_ERROR_MODEL, "tensor 18.bias is missing: %s", wrong);
    refuses(copy_of(DATA("taesd.safetensors"), "a.safetensors", 0, "encoder.layers.14.bias", "decoder.layers.99.bias"),
            I2V_ERROR_MODEL,
            "tensor decoder.layers.99.bias has no place in this model (1 such in all): it is of a kind that is not "
            "supported, or %s",
            wrong);
}

static void damaged_files(void **state) {
    (void)state;
    refuses(copy_of(DATA("taesd.safetensors"), "a.safetensors", 3000, NULL, NULL), I2V_ERROR_MODEL,
            "its header ends at byte 12240, past the end of the file (3000 bytes): the file is truncated or damaged; "
            "download it again",
            NULL);
    refuses(copy_of(DATA("taesdv.pth"), "a.pth", 3000, NULL, NULL), I2V_ERROR_MODEL,
            "it begins as a ZIP archive, but the archive's directory at its end is missing: the file is truncated or "
            "damaged; download it again",
            NULL);
    static const struct {
        const char *pickle, *says;
        i2v_status status;
    } pickles[] = {
        {"\x80\x02\xf7.",
         "its pickle is damaged: it has the byte 0xf7 where an opcode should be; download the file again",
         I2V_ERROR_MODEL},
        {"\x80\x02}\x81.",
         "its pickle has the opcode NEWOBJ, which neither tensors nor plain data need; nothing of it was run; get the "
         "model's safetensors files, or convert it where you trust it",
         I2V_ERROR_UNSUPPORTED},
    };
    for (int i = 0; i < 2; i++) {
        size_t size;
        uint8_t *archive = torch_archive(pickles[i].pickle, strlen(pickles[i].pickle), &size);
        write_file("a.pth", archive, size);
        free(archive);
        refuses(in_folder("a.pth"), pickles[i].status, "%s", pickles[i].says);
    }
}

/* The other reference model's latents stand for fewer pixels. */
static void other_latents(void **state) {
    (void)state;
    i2v_engine *engine = NULL;
    i2v_options options;
    i2v_options_default(&options);
    options.tiny_decoder = DATA("taesd.safetensors");
    assert_int_equal(i2v_open(&engine, i2v_reference_at(1).model, &options), I2V_ERROR_MODEL);
    assert_string_equal(i2v_error_message(engine),
                        DATA("taesd.safetensors") ": the tiny decoder is for other latents than the model's: for 4 "
                                                  "channels and 8 pixels a side, not 8 and 2; this model's own VAE has "
                                                  "to decode them: leave tiny_decoder out");
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_no_file_of_weights), IN_FOLDER(folders), IN_FOLDER(other_weights), IN_FOLDER(damaged_files),
        cmocka_unit_test(other_latents),
    };
    return cmocka_run_group_tests_name("tiny_refused", tests, NULL, NULL);
}
