/* What a run left behind: every file old, absent or whole, no other file, and a sentence for what went wrong. */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char old_text[] = "what was here before";

__attribute__((format(printf, 3, 4))) static fault_outcome wrong(char *reason, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, size, format, arguments);
    va_end(arguments);
    return OUTCOME_WRONG;
}

typedef int (*name_function)(const fault_place *place, const char *name, void *user);

/* Each name of the kind's outputs until one gives 0; whether all did not. */
static int for_outputs(const fault_place *place, const fault_kind *kind, name_function function, void *user) {
    char names[256];
    char *rest = names;
    snprintf(names, sizeof names, "%s", kind->outputs);
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        if (!function(place, name, user)) return 0;
    }
    return 1;
}

static void path_of(char path[PATH_MAX], const char *folder, const char *name) {
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
}

static int put_old(const fault_place *place, const char *name, void *unused) {
    char path[PATH_MAX];
    path_of(path, place->work, name);
    return fault_write(path, old_text);
}

void fault_prepare(const fault_place *place, const fault_kind *kind, int with_old) {
    char path[PATH_MAX];
    fault_remove(place->work);
    mkdir(place->work, 0777);
    if (with_old) for_outputs(place, kind, put_old, NULL);
    if (!kind->pulls) return;
    path_of(path, place->folder, "home");
    fault_remove(path);
}

void fault_keep_good(const fault_place *place) {
    char from[PATH_MAX], to[PATH_MAX];
    fault_remove(place->good);
    if (rename(place->work, place->good) != 0) abort();
    path_of(from, place->folder, "out");
    path_of(to, place->folder, "good_out");
    if (rename(from, to) != 0) abort();
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* What the files of one run are; each name is one of four. */
typedef struct state {
    const fault_kind *kind;
    int whole, old, absent, plays; /* counts; plays: other bytes than a good run's, and all frames are in it */
    char broken[256];              /* a name that is nothing of these */
} state;

/* ffprobe decodes every frame; img2vid says how many the container claims. */
static int plays(const fault_place *place, const char *path, int frames) {
    char output[PATH_MAX], claim[32];
    path_of(output, place->folder, "probe");
    const char *const info[] = {place->setup->program, "info", path, "--json", NULL};
    if (fault_command(info, output) != 0) return 0;
    size_t size;
    char *text = fault_read(output, &size);
    snprintf(claim, sizeof claim, "\"num_frames\": %d", frames);
    int claimed = text && strstr(text, claim);
    free(text);
    const char *const probe[] = {"ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames",
                                 "-of", "csv=p=0", path, NULL};
    if (!claimed || fault_command(probe, output) != 0) return 0;
    text = fault_read(output, &size);
    int decoded = text && atoi(text) == frames;
    free(text);
    return decoded;
}

static int is_array(const char *name) {
    return strstr(name, ".npy") != NULL;
}

static int sort_output(const fault_place *place, const char *name, void *user) {
    state *files = user;
    char path[PATH_MAX], good[PATH_MAX];
    path_of(path, place->work, name);
    path_of(good, place->good, name);
    size_t size;
    char *text = fault_read(path, &size);
    if (!text) {
        files->absent++;
    } else if (strcmp(text, old_text) == 0) {
        files->old++;
    } else if (fault_same(path, good)) {
        files->whole++;
    } else if (files->kind->frames && !is_array(name) && plays(place, path, files->kind->frames)) {
        files->plays++;
    } else {
        snprintf(files->broken, sizeof files->broken, "%s", name);
    }
    free(text);
    return 1;
}

typedef struct wanted_name {
    const char *name;
    int found;
} wanted_name;

static int compare_name(const fault_place *place, const char *name, void *user) {
    wanted_name *wanted = user;
    if (strcmp(name, wanted->name) == 0) wanted->found = 1;
    return !wanted->found;
}

/* A file that is none of the outputs. After a kill, hidden ones of ours may be there, until the run that goes on from
 * it is done; and what a run that was ended is gone on with. */
static int find_stranger(const fault_place *place, const fault_kind *kind, int killed, int done, char *name,
                         size_t size) {
    DIR *folder = opendir(place->work);
    int found = 0;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int is_over = done && kind->state;
        if (killed && !is_over && strncmp(entry->d_name, ".img2vid-", 9) == 0) continue;
        if (!done && kind->state && strcmp(entry->d_name, kind->state) == 0) continue;
        wanted_name wanted = {entry->d_name, 0};
        for_outputs(place, kind, compare_name, &wanted);
        found = !wanted.found;
        if (found) snprintf(name, size, "%s", entry->d_name);
    }
    if (folder) closedir(folder);
    return found;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* The text without what differs between good runs: numbers. */
static void drop_numbers(char *text) {
    char *to = text;
    for (; *text; text++)
        if (!strchr("0123456789.-+e", *text)) *to++ = *text;
    *to = 0;
}

static int printed_the_same(const fault_place *place) {
    char path[PATH_MAX], good[PATH_MAX];
    path_of(path, place->folder, "out");
    path_of(good, place->folder, "good_out");
    size_t size;
    char *text = fault_read(path, &size), *good_text = fault_read(good, &size);
    if (text) drop_numbers(text);
    if (good_text) drop_numbers(good_text);
    int same = text && good_text && strcmp(text, good_text) == 0;
    free(text);
    free(good_text);
    return same;
}

/* Every system call's failure is told in the system's words, or by what could not be done; lack of memory as that. */
static int names_cause(const fault_page *plan, const char *sentence) {
    if (plan->kind == FAULT_MEMORY) {
        /* what libcurl's resolver says of its own allocations */
        int is_resolver = plan->scope == FAULT_ALL && strstr(sentence, "is not found; check the network connection");
        return strstr(sentence, "memory") || is_resolver;
    }
    if (plan->kind == FAULT_THREADS) return strstr(sentence, "thread") || strstr(sentence, "memory");
    if (plan->error == ENOMEM && strstr(sentence, "not enough memory")) return 1;
    return strstr(sentence, strerror(plan->error)) != NULL || strstr(sentence, "cannot ") != NULL;
}

/* Of a list each job that fails says why, and the last sentence how many there are. */
static fault_outcome look_at_words(const fault_place *place, const fault_kind *kind, const fault_page *plan,
                                   char *reason, size_t size) {
    char path[PATH_MAX];
    path_of(path, place->folder, "err");
    size_t length;
    char *text = fault_read(path, &length);
    fault_outcome outcome = OUTCOME_TOLD;
    char *sentence = text ? strstr(text, "img2vid: ") : NULL;
    for (char *next = sentence; next && !kind->lists; next = strstr(next + 1, "\nimg2vid: ")) sentence = next;
    if (!sentence) {
        outcome = wrong(reason, size, "it failed without a word");
    } else if (!names_cause(plan, sentence)) {
        outcome = wrong(reason, size, "it does not name the cause: %s", sentence);
    }
    free(text);
    return outcome;
}

/* A library went through a NULL of its own, or gave up by an assertion, which its text or assert() says. */
static int died_outside(const fault_place *place, const fault_page *plan) {
    if (plan->kind != FAULT_MEMORY || plan->scope != FAULT_ALL) return 0;
    /* jansson reads past a string whose closing quote it lost; malloc notices that later */
    if (plan->crash[0] || strncmp(plan->caller, "libjansson", 10) == 0) return 1;
    char path[PATH_MAX];
    path_of(path, place->folder, "err");
    size_t size;
    char *text = fault_read(path, &size);
    int gave_up = text && strstr(text, "Assertion ") && (strstr(text, " failed at ") || strstr(text, "' failed."));
    free(text);
    return gave_up;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

/* The cache must serve the next run, and that must say nothing. */
static fault_outcome look_at_cache(const fault_place *place, const fault_kind *kind, char *reason, size_t size) {
    fault_end again = fault_run(place, kind, -1, 0, 0);
    if (again.exit_status != 0) return wrong(reason, size, "the next pull fails");
    char home[PATH_MAX], snapshot[PATH_MAX], output[PATH_MAX];
    path_of(home, place->folder, "home/hub/models--acme--model/snapshots/0123456789abcdef0123456789abcdef01234567");
    path_of(output, place->folder, "probe");
    snprintf(snapshot, sizeof snapshot, "%s", home);
    const char *const compare[] = {"diff", "-r", place->setup->model, snapshot, NULL};
    if (fault_command(compare, output) != 0) {
        size_t length;
        char *differences = fault_read(output, &length);
        wrong(reason, size, "the pulled model differs: %s", differences ? differences : "");
        free(differences);
        return OUTCOME_WRONG;
    }
    return OUTCOME_SAME;
}

fault_outcome fault_look(const fault_place *place, const fault_kind *kind, const fault_page *plan, fault_end end,
                         char *reason, size_t size) {
    state files = {.kind = kind};
    char name[256];
    int outside = plan && end.signal && died_outside(place, plan);
    int killed = !plan || plan->kind == FAULT_KILLS || outside, done = end.exit_status == 0;
    if (end.timed_out) return wrong(reason, size, "it hangs");
    if (end.signal && !killed) return wrong(reason, size, "it died by signal %d", end.signal);
    for_outputs(place, kind, sort_output, &files);
    if (files.broken[0]) return wrong(reason, size, "status %d, and %s is broken", end.exit_status, files.broken);
    if (find_stranger(place, kind, killed, done, name, sizeof name)) return wrong(reason, size, "it left %s", name);
    if (done && (files.old || files.absent)) return wrong(reason, size, "status 0, and a file is not written");
    if (done && kind->prints && !printed_the_same(place)) {
        return wrong(reason, size, "status 0, and it printed other text");
    }
    fault_outcome outcome = files.plays ? OUTCOME_OTHER : OUTCOME_SAME;
    if (!done && !killed) outcome = look_at_words(place, kind, plan, reason, size);
    if (killed && !done && end.exit_status != 130 && end.exit_status != -1) {
        return wrong(reason, size, "status %d after a signal", end.exit_status);
    }
    if (killed && !done) outcome = outside ? OUTCOME_OUTSIDE : OUTCOME_TOLD;
    if (kind->pulls && outcome != OUTCOME_WRONG) {
        fault_outcome cache = look_at_cache(place, kind, reason, size);
        if (cache == OUTCOME_WRONG) return cache;
    }
    return outcome;
}
