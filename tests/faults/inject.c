/* Preloaded into img2vid: counts calls of one kind and lets one of them fail. */
#include "inject.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

fault_page *fault_plan;

/* Where the code of an object lies, and whose it is. Libraries that are loaded later belong to FAULT_ALL. */
typedef struct code_range {
    uintptr_t begin, end;
    fault_scope owner;
} code_range;

enum { MAX_RANGES = 64 };
static code_range ranges[MAX_RANGES];
static int range_count;

/* The program itself has an empty name. */
static fault_scope owner_of(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name || strncmp(name, "libimg2vid", 10) == 0) return FAULT_OURS;
    if (strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-linux", 8) == 0) return FAULT_LIBC;
    return FAULT_ALL;
}

static int note_object(struct dl_phdr_info *object, size_t size, void *unused) {
    fault_scope owner = owner_of(object->dlpi_name);
    for (int i = 0; owner != FAULT_ALL && i < object->dlpi_phnum && range_count < MAX_RANGES; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && part->p_flags & PF_X)
            ranges[range_count++] = (code_range){begin, begin + part->p_memsz, owner};
    }
    return 0;
}

static fault_scope scope_of(const void *caller) {
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < range_count; i++) {
        if (at >= ranges[i].begin && at < ranges[i].end) return ranges[i].owner;
    }
    return FAULT_ALL;
}

typedef struct wanted_name {
    uintptr_t at;
    char *text;
    size_t size;
} wanted_name;

/* dladdr may be asked for by its own lock's holder; this walk is not. */
static int name_object(struct dl_phdr_info *object, size_t size, void *user) {
    wanted_name *wanted = user;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + part->p_vaddr;
        int is_code = part->p_type == PT_LOAD && part->p_flags & PF_X;
        if (!is_code || wanted->at < begin || wanted->at >= begin + part->p_memsz) continue;
        const char *slash = strrchr(object->dlpi_name, '/');
        const char *name = slash ? slash + 1 : *object->dlpi_name ? object->dlpi_name : "img2vid";
        snprintf(wanted->text, wanted->size, "%s+0x%lx", name, (unsigned long)(wanted->at - object->dlpi_addr));
        return 1;
    }
    return 0;
}

int fault_owner(const void *at, char *text, size_t size) {
    wanted_name wanted = {(uintptr_t)at, text, size};
    fault_scope scope = scope_of(at);
    if (scope == FAULT_ALL) return dl_iterate_phdr(name_object, &wanted) != 0;
    return scope == FAULT_OURS ? -1 : 0;
}

int fault_strikes(fault_class kind, const void *caller) {
    fault_page *plan = fault_plan;
    if (!plan || plan->kind != kind || (kind == FAULT_MEMORY && scope_of(caller) > plan->scope)) return 0;
    int64_t call = atomic_fetch_add(&plan->calls, 1) + 1;
    if (plan->at == 0 && call <= FAULT_PLACES) plan->places[call - 1] = (uintptr_t)caller;
    if (plan->at == 0 || call < plan->at || (call > plan->at && !plan->lasts)) return 0;
    /* system calls come here in a signal handler, where the loader's lock may be held */
    if (!atomic_exchange(&plan->fired, 1) && kind <= FAULT_THREADS) {
        wanted_name wanted = {(uintptr_t)caller, plan->caller, sizeof plan->caller};
        dl_iterate_phdr(name_object, &wanted);
    }
    return 1;
}

__attribute__((constructor)) static void begin(void) {
    const char *descriptor = getenv(FAULT_PAGE);
    if (!descriptor) return;
    int page = atoi(descriptor);
    fault_page *plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    if (plan == MAP_FAILED) abort();
    close(page);
    dl_iterate_phdr(note_object, NULL);
    fault_plan = plan;
    if (plan->kind >= FAULT_CALLS) fault_catch_calls();
    if (plan->kind == FAULT_MEMORY && plan->scope == FAULT_ALL) fault_note_crashes();
}
