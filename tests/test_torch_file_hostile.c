/* Hostile files in PyTorch's format: nothing of a pickle is run, what is wrong is refused with a sentence, and what
 * opens can be read. */
#include "damage.h"
#include "torch_archive.h"
#include "weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- pickles ----------------------------------------------------------------------------------------------------- */

/* A dict of one tensor "t": the storage's id, then where it begins, sizes and strides. */
#define BEGIN "\x80\x02}X\1\0\0\0t"
#define STORAGE                                                                                                        \
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"                                                                 \
    "0X\3\0\0\0cpuK\6tQ"
#define TENSOR(place)                                                                                                  \
    "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE place "\x89"                                                        \
    "ccollections\nOrderedDict\n)RtR"
#define END "s."

static void write_pickle(const char *pickle, size_t size) {
    size_t archive_size;
    uint8_t *archive = torch_archive(pickle, size, &archive_size);
    write_file(PLAIN, archive, archive_size);
    free(archive);
}

#define OPENS(pickle) (write_pickle(pickle, sizeof(pickle) - 1), i2v_weights_close(open_variant(NULL)))
#define REFUSED(pickle, status, says) (write_pickle(pickle, sizeof(pickle) - 1), expect_refused_as(status, says, NULL))
#define DAMAGED(pickle) REFUSED(pickle, I2V_ERROR_MODEL, "its pickle is damaged")
#define WRONG(place, says) REFUSED(BEGIN TENSOR(place) END, I2V_ERROR_MODEL, says)

static void runs_nothing(void **state) {
    (void)state;
    REFUSED("\x80\x02"
            "cos\nsystem\nX\1\0\0\0x\x85R.",
            I2V_ERROR_UNSUPPORTED, "names os.system, which is neither");
    REFUSED("\x80\x04\x8c\5posix\x8c\6system\x93.", I2V_ERROR_UNSUPPORTED, "names posix.system");
    REFUSED("\x80\x02"
            "cbuiltins\neval\n.",
            I2V_ERROR_UNSUPPORTED, "nothing of it was run");
    REFUSED("\x80\x02"
            "c__main__\nx\x1b[2J\n.",
            I2V_ERROR_UNSUPPORTED, "names __main__.x?[2J");
    REFUSED("\x80\x02(X\1\0\0\0xios\nsystem\n.", I2V_ERROR_UNSUPPORTED, "the opcode INST");
    REFUSED("\x80\x02"
            "ctorch\ndevice\n)\x81.",
            I2V_ERROR_UNSUPPORTED, "the opcode NEWOBJ, which");
    REFUSED("\x80\x02"
            "ctorch\ndevice\n)}\x92.",
            I2V_ERROR_UNSUPPORTED, "the opcode NEWOBJ_EX");
    REFUSED("\x80\x02(ctorch\ndevice\no.", I2V_ERROR_UNSUPPORTED, "the opcode OBJ");
    REFUSED("\x80\x02\x82\1.", I2V_ERROR_UNSUPPORTED, "the opcode EXT1");
    REFUSED("\x80\x02P0\n.", I2V_ERROR_UNSUPPORTED, "the opcode PERSID");
    REFUSED("\x80\x02\x8f.", I2V_ERROR_UNSUPPORTED, "the opcode EMPTY_SET");
    REFUSED("\x80\x05\x97.", I2V_ERROR_UNSUPPORTED, "convert it where you trust it");
}

/* All opcodes of Python's pickletools that no state dict needs. */
static void names_every_other_opcode(void **state) {
    (void)state;
    static const struct {
        uint8_t opcode;
        const char *name;
    } others[] = {
        {'I', "INT"},         {'L', "LONG"},       {0x8b, "LONG4"},       {'S', "STRING"},
        {0x96, "BYTEARRAY8"}, {'V', "UNICODE"},    {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
        {'F', "FLOAT"},       {'l', "LIST"},       {'d', "DICT"},         {0x8f, "EMPTY_SET"},
        {0x90, "ADDITEMS"},   {0x91, "FROZENSET"}, {'0', "POP"},          {'2', "DUP"},
        {'1', "POP_MARK"},    {'g', "GET"},        {'p', "PUT"},          {0x82, "EXT1"},
        {0x83, "EXT2"},       {0x84, "EXT4"},      {'i', "INST"},         {'o', "OBJ"},
        {0x81, "NEWOBJ"},     {0x92, "NEWOBJ_EX"}, {'P', "PERSID"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char pickle[] = "\x80\x02}(?\0\0\0\n\n.", says[64];
        pickle[4] = (char)others[i].opcode;
        write_pickle(pickle, sizeof pickle - 1);
        snprintf(says, sizeof says, "the opcode %s, which", others[i].name);
        expect_refused_as(I2V_ERROR_UNSUPPORTED, says, "nothing of it was run");
    }
}

static void refuses_damaged_pickles(void **state) {
    (void)state;
    OPENS(BEGIN TENSOR("K\0K\2K\3\x86K\3K\1\x86") END);
    DAMAGED("");
    DAMAGED("\x80");
    DAMAGED("\x80\x01}.");
    DAMAGED("\x80\x06}.");
    DAMAGED("\x80\x02\xff.");
    DAMAGED("\x80\x02.");
    DAMAGED("\x80\x02}}.");
    DAMAGED("\x80\x02(.");
    DAMAGED("\x80\x02}");
    DAMAGED("\x80\x02X\xff\xff\xff\xffx.");
    DAMAGED("\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.");
    DAMAGED("\x80\x02"
            "ctorch\nSize");
    DAMAGED("\x80\x02h\0.");
    DAMAGED("\x80\x02}q\1h\0.");
    DAMAGED("\x80\x02}r\xff\xff\xff\xff.");
    DAMAGED("\x80\x02q\0.");
    DAMAGED("\x80\x02u.");
    DAMAGED("\x80\x02}u.");
    DAMAGED("\x80\x02(u.");
    DAMAGED("\x80\x02}(K\1u.");
    DAMAGED("\x80\x02](K\1K\1u.");
    DAMAGED("\x80\x02}K\1a.");
    DAMAGED("\x80\x02}(K\1s.");
    DAMAGED("\x80\x02K\1\x86.");
    DAMAGED("\x80\x02(K\1\x86.");
    DAMAGED("\x80\x02t.");
    DAMAGED("\x80\x02K\1)R.");
    DAMAGED("\x80\x02"
            "ctorch\nSize\nK\1R.");
    DAMAGED("\x80\x02"
            "b.");
    DAMAGED("\x80\x02Q.");
    DAMAGED("\x80\x02K\1K\1\x93.");
    DAMAGED("\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\0.");
    DAMAGED("\x80\x02G\0\0.");
}

static void refuses_wrong_tensors(void **state) {
    (void)state;
    WRONG("K\1K\2K\3\x86K\3K\1\x86", "tensor t: it reaches beyond its storage");
    WRONG("K\0K\2K\4\x86K\4K\1\x86", "beyond its storage");
    WRONG("K\0K\2K\3\x86K\4K\1\x86", "beyond its storage");
    WRONG("K\0K\2\x85J\xff\xff\xff\xff\x85", "its strides do not fit its sizes");
    WRONG("J\xff\xff\xff\xffK\2\x85K\1\x85", "beyond its storage");
    WRONG("K\0K\2\x85K\1K\1\x86", "its strides do not fit its sizes");
    WRONG("K\0J\xff\xff\xff\xff\x85K\1\x85", "its sizes are no counts");
    WRONG("K\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t)", "its sizes are no counts, or more than eight");
    WRONG("K\0X\1\0\0\0x\x85K\1\x85", "its sizes are no counts");
    WRONG("K\0K\1K\1\x85", "its sizes are no counts");
#define HUGE "\x8a\x08\0\0\0\0\0\0\0\x40"
    WRONG("K\0" HUGE "K\4\x86K\0K\0\x86", "more elements than can be counted");
    WRONG("K\0" HUGE "\x85K\0\x85", "more bytes than can be counted");
    WRONG("K\0K\2K\2\x86" HUGE HUGE "\x86", "beyond its storage");
    WRONG(HUGE "K\1\x85K\1\x85", "beyond its storage");
    REFUSED(BEGIN TENSOR("K\0\x8a\4\0\0\0\x10\x85K\0\x85") END, I2V_ERROR_UNSUPPORTED,
            "save it with contiguous() in PyTorch"); /* 2^28 values of one */
    OPENS(BEGIN TENSOR("K\0K\0\x85K\1\x85") END);
    OPENS(BEGIN TENSOR("K\0ctorch\nSize\nK\2\x85\x85RK\1\x85") END);
    OPENS(BEGIN "ctorch._utils\n_rebuild_parameter\n" TENSOR("K\0K\2\x85K\1\x85") "\x88}\x87R" END);
}

#define OTHER_STORAGE(kind, type, key)                                                                                 \
    BEGIN "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0" kind "ctorch\n" type "\nX\1\0\0\0" key                      \
          "X\3\0\0\0cpuK\6tQK\0K\2\x85K\1\x85\x89}tR" END

static void refuses_wrong_storages(void **state) {
    (void)state;
    OPENS(OTHER_STORAGE("storage", "FloatStorage", "0"));
    REFUSED(OTHER_STORAGE("storage", "FloatStorage", "1"), I2V_ERROR_MODEL, "the file of its storage is missing");
    REFUSED(OTHER_STORAGE("storage", "FloatStorage", "/"), I2V_ERROR_MODEL, "the file of its storage is missing");
    REFUSED(OTHER_STORAGE("torrage", "FloatStorage", "0"), I2V_ERROR_MODEL, "what it says of its storage is wrong");
    REFUSED(OTHER_STORAGE("storage", "device", "0"), I2V_ERROR_MODEL, "its dtype is not known");
    REFUSED(OTHER_STORAGE("storage", "QInt8Storage", "0"), I2V_ERROR_UNSUPPORTED, "names torch.QInt8Storage");
    REFUSED(BEGIN "ctorch._utils\n_rebuild_tensor_v2\n(K\0K\0K\2\x85K\1\x85\x89}tR" END, I2V_ERROR_MODEL,
            "what it says of its storage is wrong");
    REFUSED(BEGIN "ctorch._utils\n_rebuild_tensor_v2\n(K\0QK\0K\2\x85K\1\x85\x89}tR" END, I2V_ERROR_MODEL,
            "what it says of its storage is wrong");
}

static void refuses_what_has_no_tensors(void **state) {
    (void)state;
    REFUSED("\x80\x02}.", I2V_ERROR_MODEL, "no tensors");
    REFUSED("\x80\x02K\1.", I2V_ERROR_MODEL, "no dict of tensors");
    REFUSED("\x80\x02"
            "ccollections\nCounter\n}\x85R.",
            I2V_ERROR_MODEL, "no dict of tensors");
    REFUSED(BEGIN "ctorch._utils\n_rebuild_tensor_v2\n)R" END, I2V_ERROR_MODEL, "no tensors");
    REFUSED(BEGIN "ctorch._utils\n_rebuild_parameter\n)R" END, I2V_ERROR_MODEL, "no tensors");
    REFUSED("\x80\x02}q\0X\1\0\0\0th\0s.", I2V_ERROR_MODEL, "no tensors"); /* it holds itself */
    REFUSED("\x80\x02}q\0X\x0a\0\0\0state_dicth\0s.", I2V_ERROR_MODEL, "no tensors");
    REFUSED("\x80\x02}K\1" TENSOR("K\0K\2\x85K\1\x85") "s.", I2V_ERROR_MODEL, "a tensor has no text for a name");
    REFUSED("\x80\x02}X\1\0\0\0\x1b" TENSOR("K\0K\2\x85K\1\x85") "s.", I2V_ERROR_MODEL, "other characters than ASCII");
    REFUSED("\x80\x02}X\2\0\0\0a\0" TENSOR("K\0K\2\x85K\1\x85") "s.", I2V_ERROR_MODEL, "other characters than ASCII");
    REFUSED(BEGIN TENSOR("K\0K\2\x85K\1\x85") "sX\1\0\0\0t" TENSOR("K\0K\2\x85K\1\x85") END, I2V_ERROR_MODEL,
            "duplicate tensor t");
}

/* What would take memory or time without bound: values, and one dict in another many times. */
static void bounds_values(void **state) {
    (void)state;
    enum { COUNT = 500000 };
    char *pickle = malloc(4 * COUNT + 64);
    assert_non_null(pickle);
    memset(pickle, 'N', COUNT);
    memcpy(pickle, "\x80\x02", 2);
    write_pickle(pickle, COUNT);
    expect_refused_as(I2V_ERROR_MODEL, "more than 400000 values", NULL);
    static const char begin[] = "\x80\x02}(K\0q\1}q\0(";
    size_t size = sizeof begin - 1;
    memcpy(pickle, begin, size);
    for (int i = 0; i < COUNT; i++, size += 2) memcpy(pickle + size, "h\1", 2);
    pickle[size++] = 'u';
    for (int i = 0; i < COUNT; i += 2, size += 4) memcpy(pickle + size, "h\1h\0", 4);
    memcpy(pickle + size, "u.", 2);
    write_pickle(pickle, size + 2);
    expect_refused_as(I2V_ERROR_MODEL, "no tensors", NULL);
    free(pickle);
}

/* ---- whole files ------------------------------------------------------------------------------------------------- */

static int try_weights(void) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&weights, folder, STEM, NULL, &error) != I2V_OK) {
        assert_null(weights);
        assert_true(error.message[0] != '\0' && error.status != I2V_OK && error.status != I2V_ERROR_INTERNAL);
        return 0;
    }
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        struct stat info;
        assert_int_equal(stat(weight->file, &info), 0);
        assert_true(weight->bytes <= (uint64_t)info.st_size);
        if (weight->at.file && weight->bytes) assert_true(weight->at.offset + weight->bytes <= (uint64_t)info.st_size);
        for (uint64_t k = 0; k < weight->count; k++) {
            float value;
            assert_int_equal(i2v_weight_read_f32(weight, k, 1, &value), 0);
        }
    }
    i2v_weights_close(weights);
    return 1;
}

static uint8_t *read_data(const char *name, size_t *size) {
    char path[1024];
    snprintf(path, sizeof path, I2V_TEST_DATA "/torch/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = malloc(20000);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 20000, file);
    assert_true(*size < 20000);
    fclose(file);
    return bytes;
}

static void survives_damage(void **state) {
    (void)state;
    static const char *const names[] = {"plain.pt", "checkpoint.ckpt", "protocol4.pth"};
    uint64_t random = 3;
    int opened = 0;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        size_t size;
        uint8_t *file = read_data(names[n], &size), *copy = malloc(size);
        assert_non_null(copy);
        for (size_t length = 0; length < size; length += 31) {
            write_file(PLAIN, file, length);
            assert_int_equal(try_weights(), 0);
        }
        for (int i = 0; i < 300; i++) {
            memcpy(copy, file, size);
            damage(copy, size, &random);
            write_file(PLAIN, copy, size);
            opened += try_weights();
        }
        free(file);
        free(copy);
    }
    assert_in_range(opened, 1, 899);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(runs_nothing),           IN_FOLDER(refuses_damaged_pickles),     IN_FOLDER(refuses_wrong_tensors),
        IN_FOLDER(refuses_wrong_storages), IN_FOLDER(refuses_what_has_no_tensors), IN_FOLDER(bounds_values),
        IN_FOLDER(survives_damage),        IN_FOLDER(names_every_other_opcode),
    };
    return cmocka_run_group_tests_name("torch_file_hostile", tests, NULL, NULL);
}
