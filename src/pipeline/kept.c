/* Loaded parts that stay in memory between stages and calls. */
#include "pipeline/kept.h"

#include "base/clock.h"
#include "base/lock.h"

#include <stdlib.h>
#include <unistd.h>

/* Seconds from one look of those who wait to the next, and after which they give up on a loader whose caller's function
 * does not return. */
static const double PAUSE = 0.05, PATIENCE = 1;

typedef struct entry {
    i2v_loaded part; /* the first: pointers to it are pointers to the entry */
    struct entry *next;
    int users;
    int stays;
    pid_t loading;     /* the process whose thread loads it; 0: it is loaded */
    uint64_t done;     /* bytes of that */
    double told_since; /* when the function of the loader's caller was called; 0: none runs */
} entry;

struct i2v_kept {
    i2v_lock lock; /* of all below; each change is one write to a list or a number */
    entry *first;
};

int i2v_form_is_same(const i2v_form *a, const i2v_form *b) {
    return a->kind == b->kind && a->streams == b->streams && a->latent_height == b->latent_height &&
           a->latent_width == b->latent_width;
}

i2v_status i2v_kept_new(i2v_kept **kept, i2v_error *error) {
    *kept = calloc(1, sizeof **kept);
    if (!*kept) return i2v_fail_memory(error, "the list of loaded parts", sizeof **kept);
    i2v_lock_init(&(*kept)->lock);
    return I2V_OK;
}

/* What a thread was loading that a forked process has not is left as it is. */
static void entry_free(entry *e) {
    if (e->loading && e->loading != getpid()) return;
    i2v_store_free(&e->part.store);
    free(e);
}

void i2v_kept_free(i2v_kept *kept) {
    if (!kept) return;
    while (kept->first) {
        entry *e = kept->first;
        kept->first = e->next;
        entry_free(e);
    }
    i2v_lock_destroy(&kept->lock);
    free(kept);
}

/* ---- with the lock ---- */

static entry *find_loaded(const i2v_kept *kept, const i2v_form *form) {
    entry *e = kept->first;
    while (e && (e->loading || !i2v_form_is_same(&e->part.form, form))) e = e->next;
    return e;
}

/* One that is worth a wait. */
static entry *find_loading(const i2v_kept *kept, const i2v_form *form) {
    for (entry *e = kept->first; e; e = e->next) {
        int is_stuck = e->told_since > 0 && i2v_now() - e->told_since > PATIENCE;
        if (e->loading == getpid() && i2v_form_is_same(&e->part.form, form) && !is_stuck) return e;
    }
    return NULL;
}

static void unlink_entry(i2v_kept *kept, const entry *e) {
    entry **link = &kept->first;
    while (*link != e) link = &(*link)->next;
    *link = e->next;
}

/* Frees what is loaded twice, too: then another was not waited for. */
static int is_needed(const i2v_kept *kept, const entry *e) {
    return e->users > 0 || (e->stays && find_loaded(kept, &e->part.form) == e);
}

/* ---- parts ---- */

const i2v_loaded *i2v_kept_find(i2v_kept *kept, const i2v_form *form) {
    i2v_lock_take(&kept->lock);
    entry *e = find_loaded(kept, form);
    if (e) e->users++;
    i2v_lock_give(&kept->lock);
    return e ? &e->part : NULL;
}

/* Waits until nobody loads the part; with the lock. */
static i2v_status wait_for(i2v_kept *kept, const i2v_form *form, const i2v_waiter *waiter, i2v_error *error) {
    const entry *e;
    while (!find_loaded(kept, form) && (e = find_loading(kept, form)) != NULL) {
        uint64_t done = e->done;
        i2v_lock_give(&kept->lock);
        int stop = waiter->progress(waiter->user, done);
        i2v_lock_take(&kept->lock);
        if (stop) return i2v_fail(error, I2V_CANCELLED, "cancelled");
        if (find_loading(kept, form)) i2v_lock_wait(&kept->lock, PAUSE);
    }
    return I2V_OK;
}

i2v_status i2v_kept_take(i2v_loaded **part, int *is_new, i2v_kept *kept, const i2v_form *form, const i2v_waiter *waiter,
                         i2v_error *error) {
    entry *made = calloc(1, sizeof *made), *found = NULL;
    if (!made) return i2v_fail_memory(error, "the model", sizeof *made);
    *made = (entry){.part.form = *form, .users = 1, .loading = getpid()};
    i2v_lock_take(&kept->lock);
    i2v_status status = wait_for(kept, form, waiter, error);
    if (!status) found = find_loaded(kept, form);
    if (found) found->users++;
    *is_new = !status && !found;
    if (*is_new) {
        made->next = kept->first;
        kept->first = made;
    }
    i2v_lock_give(&kept->lock);
    *part = *is_new ? &made->part : found ? &found->part : NULL;
    if (!*is_new) free(made);
    return status;
}

void i2v_kept_add(i2v_kept *kept, i2v_loaded *part) {
    i2v_lock_take(&kept->lock);
    ((entry *)part)->loading = 0;
    i2v_lock_tell(&kept->lock);
    i2v_lock_give(&kept->lock);
}

void i2v_kept_drop(i2v_kept *kept, i2v_loaded *part) {
    entry *e = (entry *)part;
    i2v_lock_take(&kept->lock);
    unlink_entry(kept, e);
    i2v_lock_tell(&kept->lock);
    i2v_lock_give(&kept->lock);
    entry_free(e);
}

void i2v_kept_begin_telling(i2v_kept *kept, i2v_loaded *part, uint64_t bytes) {
    entry *e = (entry *)part;
    i2v_lock_take(&kept->lock);
    e->done = bytes;
    e->told_since = i2v_now();
    i2v_lock_give(&kept->lock);
}

void i2v_kept_end_telling(i2v_kept *kept, i2v_loaded *part) {
    i2v_lock_take(&kept->lock);
    ((entry *)part)->told_since = 0;
    i2v_lock_give(&kept->lock);
}

void i2v_kept_give(i2v_kept *kept, const i2v_loaded *part, int stays) {
    entry *e = (entry *)(uintptr_t)part;
    i2v_lock_take(&kept->lock);
    if (stays) e->stays = 1;
    e->users--;
    int needed = is_needed(kept, e);
    if (!needed) unlink_entry(kept, e);
    i2v_lock_give(&kept->lock);
    if (!needed) entry_free(e);
}

void i2v_kept_unload(i2v_kept *kept, int (*is_spare)(const void *user, const i2v_loaded *part), const void *user) {
    entry *spare = NULL;
    i2v_lock_take(&kept->lock);
    for (entry **link = &kept->first; *link;) {
        entry *e = *link;
        if (e->users > 0 || (is_spare && !is_spare(user, &e->part))) {
            link = &e->next;
            continue;
        }
        *link = e->next;
        e->next = spare;
        spare = e;
    }
    i2v_lock_give(&kept->lock);
    while (spare) {
        entry *e = spare;
        spare = e->next;
        entry_free(e);
    }
}

/* ---- bytes ---- */

/* Of the loaded parts of which the function says so. */
static uint64_t sum_bytes(i2v_kept *kept, int (*counts)(const entry *e, const i2v_form *form), const i2v_form *form) {
    uint64_t bytes = 0;
    i2v_lock_take(&kept->lock);
    for (const entry *e = kept->first; e; e = e->next) {
        if (!e->loading && counts(e, form)) bytes += e->part.store.bytes;
    }
    i2v_lock_give(&kept->lock);
    return bytes;
}

static int is_any(const entry *e, const i2v_form *form) {
    (void)e;
    (void)form;
    return 1;
}

static int is_of_kind(const entry *e, const i2v_form *form) {
    return e->part.form.kind == form->kind;
}

static int is_at_hand(const entry *e, const i2v_form *form) {
    const i2v_form *own = &e->part.form;
    return e->users == 0 || own->kind != I2V_STAGE_UNET ||
           (own->latent_height == form->latent_height && own->latent_width == form->latent_width);
}

uint64_t i2v_kept_kind_bytes(i2v_kept *kept, i2v_stage_kind kind) {
    return sum_bytes(kept, is_of_kind, &(i2v_form){.kind = kind});
}

uint64_t i2v_kept_bytes(i2v_kept *kept) {
    return sum_bytes(kept, is_any, NULL);
}

uint64_t i2v_kept_bytes_at_hand(i2v_kept *kept, int latent_height, int latent_width) {
    return sum_bytes(kept, is_at_hand, &(i2v_form){.latent_height = latent_height, .latent_width = latent_width});
}
