/* faults PROGRAM INJECTOR SERVER MODEL PICTURE [WORD=VALUE...] [KIND...]: runs img2vid over and over, each time with
 * another of its calls failing (or with a signal), and looks at what it leaves. Words:
 *   class=memory|threads|calls|kills|signals  (memory)
 *   scope=ours|libc|all  whose allocations (libc: ours and the C library's)
 *   most=N               at most N runs a kind: half of them spread over all calls, half the last calls (all)
 *   each=N               of the calls from one place in the code, at most N, spread over them (all)
 *   lasts=1              all later calls fail, too
 *   jobs=N               runs at a time (2)
 *   at=N                 that call alone, with what the program says
 * Exits with 0 if every run ended as it should. */
#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const class_names[] = {"memory", "threads", "calls", "kills", "signals"};
enum { SIGNALS = FAULT_CLASSES }; /* by the clock, not by a call */
static const char *const scope_names[] = {"ours", "libc", "all"};

typedef struct options {
    int kind, scope, most, each, lasts, jobs;
    int64_t at;
} options;

/* What the workers of one kind share. */
typedef struct tally {
    _Atomic int64_t next; /* index of the next run */
    atomic_int outcomes[OUTCOMES];
    int64_t calls, runs;
    double seconds; /* of a good run */
    int64_t chosen[FAULT_PLACES]; /* the calls that fail, one a run */
} tally;

static void *share(size_t size, int *descriptor) {
    int memory = memfd_create("faults", 0);
    if (memory < 0 || ftruncate(memory, (off_t)size) != 0) abort();
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (page == MAP_FAILED) abort();
    *descriptor = memory;
    return page;
}

static void begin_plan(fault_page *plan, const options *asked, int64_t at) {
    memset(plan, 0, offsetof(fault_page, places));
    plan->kind = (fault_class)asked->kind;
    plan->scope = (fault_scope)asked->scope;
    plan->at = at;
    plan->lasts = asked->lasts;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static void open_place(fault_place *place, const fault_setup *setup, const fault_kind *kind, int number) {
    *place = (fault_place){.setup = setup};
    snprintf(place->folder, sizeof place->folder, "%s/place%d", setup->scratch, number);
    snprintf(place->work, sizeof place->work, "%s/work", place->folder);
    snprintf(place->good, sizeof place->good, "%s/good", place->folder);
    fault_remove(place->folder);
    mkdir(place->folder, 0777);
    if (kind->pulls) fault_serve(place);
    fault_prepare(place, kind, 0);
    fault_end end = fault_run(place, kind, -1, 0, 0);
    if (end.exit_status != 0) {
        fprintf(stderr, "%s: a run without faults fails\n", kind->name);
        exit(1);
    }
    fault_keep_good(place);
}

static void close_place(fault_place *place) {
    if (place->server) kill(place->server, SIGTERM);
    if (place->server) waitpid(place->server, NULL, 0);
}

/* The moments and the signals of kills are the same in every run of the tests. */
static uint64_t mix(uint64_t x) {
    x = (x + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 31;
}

static int signal_of(int64_t run) {
    static const int signals[] = {SIGKILL, SIGKILL, SIGTERM, SIGINT};
    return signals[run % 4];
}

static void complain(const fault_kind *kind, const options *asked, const fault_page *plan, int64_t at,
                     const char *reason) {
    char cause[160] = "";
    if (plan->caller[0]) snprintf(cause, sizeof cause, " by %s", plan->caller);
    if (plan->number) snprintf(cause, sizeof cause, " (system call %ld)", plan->number);
    printf("FAILED: %s class=%s scope=%s at=%ld%s: %s\n", kind->name, class_names[asked->kind],
           scope_names[asked->scope], (long)at, cause, reason);
    fflush(stdout);
}

static fault_end run_with_signal(const fault_place *place, const fault_kind *kind, const tally *sum, int64_t at) {
    double after = sum->seconds * 1.1 * (double)(mix((uint64_t)at) >> 11) * 0x1p-53;
    return fault_run(place, kind, -1, signal_of(at), after);
}

/* The next run without a fault makes all files; where the one before left its state, of that. sum: of a run by the
 * clock, whose kind with a state is ended a second time. */
static fault_outcome run_again(const fault_place *place, const fault_kind *kind, const tally *sum, int64_t at,
                               fault_outcome before, char *reason, size_t size) {
    if (!kind->state) fault_prepare(place, kind, 0);
    if (kind->state && sum) {
        fault_end second = run_with_signal(place, kind, sum, at + (1 << 20));
        if (fault_look(place, kind, NULL, second, reason, size) == OUTCOME_WRONG) return OUTCOME_WRONG;
    }
    fault_end end = fault_run(place, kind, -1, 0, 0);
    int same = fault_look(place, kind, NULL, end, reason, size) == OUTCOME_SAME && end.exit_status == 0;
    return same ? before : OUTCOME_WRONG;
}

static fault_outcome run_one(const fault_place *place, const fault_kind *kind, const options *asked, const tally *sum,
                             int64_t index, fault_page *plan, int page) {
    char reason[1024] = "";
    int64_t at = asked->at ? asked->at : sum->chosen[index];
    begin_plan(plan, asked, at);
    fault_prepare(place, kind, at % 2);
    int by_clock = asked->kind == SIGNALS;
    fault_end end = by_clock ? run_with_signal(place, kind, sum, at) : fault_run(place, kind, page, 0, 0);
    fault_outcome outcome = fault_look(place, kind, by_clock ? NULL : plan, end, reason, sizeof reason);
    if (outcome != OUTCOME_WRONG && (asked->kind >= FAULT_KILLS || kind->state))
        outcome = run_again(place, kind, by_clock ? sum : NULL, at, outcome, reason, sizeof reason);
    if (outcome == OUTCOME_WRONG) complain(kind, asked, plan, at, reason);
    if (asked->at) {
        printf("%s %s status %d\n", plan->caller, reason, end.exit_status);
        const char *const show[] = {"sh", "-c", "cat \"$0\"/err >&2; ls -la \"$0\"/work >&2", place->folder, NULL};
        fault_command(show, "/dev/stdout");
    }
    return outcome;
}

static void work(const fault_setup *setup, const fault_kind *kind, const options *asked, tally *sum, int number) {
    fault_place place;
    int page;
    fault_page *plan = share(sizeof *plan, &page);
    open_place(&place, setup, kind, number);
    for (;;) {
        int64_t index = atomic_fetch_add(&sum->next, 1);
        if (index >= sum->runs) break;
        atomic_fetch_add(&sum->outcomes[run_one(&place, kind, asked, sum, index, plan, page)], 1);
    }
    close_place(&place);
}

/* ---- one kind --------------------------------------------------------------------------------------------------- */

/* Of the calls from one place, all or `each` of them, evenly. */
static void choose_each(tally *sum, fault_page *plan, int each) {
    for (int64_t i = 0; i < sum->calls; i++) {
        uintptr_t place = plan->places[i];
        int64_t all = 0, before = 0;
        for (int64_t j = i; place && j < sum->calls; j++) all += plan->places[j] == place;
        for (int64_t j = i; place && j < sum->calls; j++) {
            if (plan->places[j] != place) continue;
            if (all <= each || before * each / all != (before + 1) * each / all) sum->chosen[sum->runs++] = j + 1;
            before++;
            plan->places[j] = 0; /* done */
        }
    }
}

static void choose(tally *sum, fault_page *plan, const options *asked) {
    if (sum->calls > FAULT_PLACES) sum->calls = FAULT_PLACES;
    sum->runs = 0;
    if (asked->each && asked->kind == FAULT_MEMORY) {
        choose_each(sum, plan, asked->each);
        return;
    }
    int64_t most = asked->most && asked->most < sum->calls ? asked->most : sum->calls, spread = most / 2;
    for (int64_t i = 0; most < sum->calls && i < spread; i++) {
        sum->chosen[sum->runs++] = 1 + i * (sum->calls - spread) / spread;
    }
    while (sum->runs < most) {
        sum->chosen[sum->runs] = sum->calls - most + sum->runs + 1;
        sum->runs++;
    }
    if (asked->at) sum->runs = 1;
}

static void count_calls(const fault_setup *setup, const fault_kind *kind, const options *asked, tally *sum) {
    fault_place place;
    int page;
    fault_page *plan = share(sizeof *plan, &page);
    open_place(&place, setup, kind, 0);
    fault_prepare(&place, kind, 0);
    begin_plan(plan, asked, 0);
    double began = fault_now();
    fault_end end = fault_run(&place, kind, asked->kind == SIGNALS ? -1 : page, 0, 0);
    sum->seconds = fault_now() - began;
    sum->calls = asked->kind == SIGNALS ? asked->most : atomic_load(&plan->calls);
    if (end.exit_status != 0) {
        fprintf(stderr, "%s: counting its calls makes it fail\n", kind->name);
        exit(1);
    }
    choose(sum, plan, asked);
    close_place(&place);
    munmap(plan, sizeof *plan);
    close(page);
}

/* The number of runs that ended wrong. */
static int run_kind(const fault_setup *setup, const fault_kind *kind, const options *asked) {
    int memory;
    tally *sum = share(sizeof *sum, &memory);
    double began = fault_now();
    count_calls(setup, kind, asked, sum);
    for (int i = 0; i < asked->jobs; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child < 0) abort();
        if (child == 0) {
            work(setup, kind, asked, sum, i);
            exit(0);
        }
    }
    int failed = 0, status;
    while (wait(&status) > 0) failed += status != 0;
    printf("%-10s %-8s %-5s calls %6ld runs %6ld: as without faults %5d, other bytes that play %4d, "
           "ended and told %5d, died in a library %3d, wrong %4d (%.0f s)\n",
           kind->name, class_names[asked->kind], scope_names[asked->scope], (long)sum->calls, (long)sum->runs,
           sum->outcomes[OUTCOME_SAME], sum->outcomes[OUTCOME_OTHER], sum->outcomes[OUTCOME_TOLD],
           sum->outcomes[OUTCOME_OUTSIDE], sum->outcomes[OUTCOME_WRONG], fault_now() - began);
    fflush(stdout);
    failed += sum->outcomes[OUTCOME_WRONG];
    munmap(sum, sizeof *sum);
    close(memory);
    return failed;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* What decode, info, --from and --jobs read. */
static void make_inputs(fault_setup *setup) {
    char script[4 * PATH_MAX];
    snprintf(setup->inputs, sizeof setup->inputs, "%s/inputs", setup->scratch);
    snprintf(
        script, sizeof script,
        "mkdir '%s' && cd '%s' && for ending in mp4 webp; do '%s' generate '%s' --model '%s' --width 32 "
        "--height 32 --num-inference-steps 1 --num-frames 3 --seed 7 --threads 1 --quiet "
        "--save-latents latents.npy -o video.$ending || exit; done; for output in a.npy b.webp; do echo '{\"image\": "
        "\"%s\", \"output\": \"'$output'\", \"width\": 32, \"height\": 32, \"num_inference_steps\": 1, "
        "\"num_frames\": 3, \"seed\": [7]}'; done > jobs.jsonl",
        setup->inputs, setup->inputs, setup->program, setup->picture, setup->model, setup->picture);
    if (system(script) != 0) {
        fprintf(stderr, "the inputs could not be made\n");
        exit(1);
    }
}

static int find_word(const char *const *words, int count, const char *word) {
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) return i;
    fprintf(stderr, "unknown word: %s\n", word);
    exit(2);
}

/* Takes WORD=VALUE; false if it is a kind's name. */
static int read_option(options *asked, const char *text) {
    const char *value = strchr(text, '=');
    if (!value) return 0;
    value++;
    if (strncmp(text, "class=", 6) == 0) asked->kind = find_word(class_names, FAULT_CLASSES + 1, value);
    if (strncmp(text, "scope=", 6) == 0) asked->scope = find_word(scope_names, FAULT_SCOPES, value);
    if (strncmp(text, "most=", 5) == 0) asked->most = atoi(value);
    if (strncmp(text, "each=", 5) == 0) asked->each = atoi(value);
    if (strncmp(text, "lasts=", 6) == 0) asked->lasts = atoi(value);
    if (strncmp(text, "jobs=", 5) == 0) asked->jobs = atoi(value);
    if (strncmp(text, "at=", 3) == 0) asked->at = atol(value);
    return 1;
}

static int is_wanted(const fault_kind *kind, int argc, char **argv, int named) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], kind->name) == 0) return 1;
    return !named && !kind->state; /* they run twice or three times each */
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: faults PROGRAM INJECTOR SERVER MODEL PICTURE [WORD=VALUE...] [KIND...]\n");
        return 2;
    }
    fault_setup setup = {argv[1], argv[2], argv[3], argv[4], argv[5], "", ""};
    options asked = {.kind = FAULT_MEMORY, .scope = FAULT_ALL, .jobs = 2};
    int named = 0, failed = 0;
    for (int i = 6; i < argc; i++) named += !read_option(&asked, argv[i]);
    if (asked.at) asked.jobs = 1;
    snprintf(setup.scratch, sizeof setup.scratch, "/tmp/img2vid-faults-XXXXXX");
    if (!mkdtemp(setup.scratch)) return perror("mkdtemp"), 1;
    make_inputs(&setup);
    for (int i = 0; i < fault_kind_count; i++) {
        if (is_wanted(&fault_kinds[i], argc - 6, argv + 6, named)) failed += run_kind(&setup, &fault_kinds[i], &asked);
    }
    fault_remove(setup.scratch);
    return failed != 0;
}
