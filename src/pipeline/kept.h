/* Parts of a model that are loaded. Engines that need the same one at the same time share it; one that is to stay does
 * so between stages and calls, too. Any number of threads may call at the same time. */
#ifndef I2V_PIPELINE_KEPT_H
#define I2V_PIPELINE_KEPT_H

#include "model/loader.h"
#include "pipeline/stage_kind.h"

typedef struct i2v_kept i2v_kept;

/* Which weights, and in which form: of one model, what has equal forms is the same to the bit. */
typedef struct i2v_form {
    i2v_stage_kind kind;
    int streams;                     /* some weights are read from the file at each use */
    int latent_height, latent_width; /* of a UNet, which is loaded for a size; 0: any */
} i2v_form;

int i2v_form_is_same(const i2v_form *a, const i2v_form *b);

/* Weights in memory. */
typedef struct i2v_loaded {
    i2v_form form;
    void *model; /* belongs to the store */
    i2v_store store;
} i2v_loaded;

i2v_status i2v_kept_new(i2v_kept **kept, i2v_error *error);
/* With all parts, of which none may be in use. */
void i2v_kept_free(i2v_kept *kept);

/* The part, used once more, if it is loaded; else NULL. To be given back. */
const i2v_loaded *i2v_kept_find(i2v_kept *kept, const i2v_form *form);

/* What a wait for another's loading is told by: as of i2v_loader. Non-zero ends the wait. */
typedef struct i2v_waiter {
    int (*progress)(void *user, uint64_t bytes);
    void *user;
} i2v_waiter;

/* The same of a part that may not be loaded: where *is_new, it is the caller's to load, and i2v_kept_add or
 * i2v_kept_drop follows; others who ask for it wait until then. I2V_CANCELLED if the waiter says so. */
i2v_status i2v_kept_take(i2v_loaded **part, int *is_new, i2v_kept *kept, const i2v_form *form, const i2v_waiter *waiter,
                         i2v_error *error);
/* The part is loaded, and used by the caller. */
void i2v_kept_add(i2v_kept *kept, i2v_loaded *part);
/* It could not be: it is freed. The next who waits for it loads it. */
void i2v_kept_drop(i2v_kept *kept, i2v_loaded *part);

/* So many bytes are loaded, and a function of the caller's program is about to be called, or is over. One that does not
 * return may itself wait for who waits for this part: those stop waiting after a while, and load their own. */
void i2v_kept_begin_telling(i2v_kept *kept, i2v_loaded *part, uint64_t bytes);
void i2v_kept_end_telling(i2v_kept *kept, i2v_loaded *part);

/* Gives a loaded part back, which stays, if it is to, or for as long as others use it. */
void i2v_kept_give(i2v_kept *kept, const i2v_loaded *part, int stays);

/* Frees loaded parts that nobody uses, and of which, where it is not NULL, the function says so. */
void i2v_kept_unload(i2v_kept *kept, int (*is_spare)(const void *user, const i2v_loaded *part), const void *user);

/* Bytes of weights that are loaded, of the parts of one kind or of all. */
uint64_t i2v_kept_kind_bytes(i2v_kept *kept, i2v_stage_kind kind);
uint64_t i2v_kept_bytes(i2v_kept *kept);
/* Of those that nobody uses, which can be freed, and of those that are used and that a call of this size of latents
 * would use, too. */
uint64_t i2v_kept_bytes_at_hand(i2v_kept *kept, int latent_height, int latent_width);

#endif
