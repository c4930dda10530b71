#!/bin/bash
# Tensors' and weights' memory may be a device's: outside tensor/ and backend/ nobody follows a pointer into it, nor asks
# whether a run computes (tensor/values.h is the door): check_door.sh ROOT
set -u

# Bytes of files and of the network (i2v_bytes, i2v_fetched), whose member has the name of a tensor's, too; and casts of
# what is no tensor: bytes, what a list or a sort is of, fields of the caller's options.
other_data='\bat\.data|\bfetched\.data|\{\.data = \(const uint8_t \*\)'
other_casts='\((const )?(char|uint8_t|void|entry|json_t|i2v_bench_row) \*\)|\*\(const double \*\)[ab]\b'
other_casts+='|\(const (char|i2v_memory_part) \*const \*\)\(fields '

# What no line may have; each as it is told. A cast is what follows no name and no bracket: "f(float *)" is a prototype.
refused() {
    cat <<'PATTERNS'
i2v_tensor_floats	i2v_tensor_floats
i2v_run_computes	i2v_run_computes
i2v_run_take	i2v_run_take
(->|\.)data\b	a tensor's .data
(\bi2v_tensor [a-z_0-9]+ = |\(i2v_tensor\) ?)\{ *[^0} ]	a tensor made of an address
(->|\.)(weight|bias|packed|vector|factors|residual)\[	a weight's or an epilogue's values
float \*[a-z_0-9]+ = [^;]*(->|\.)(weight|bias|packed|vector|factors|[a-z]+_embedding)\b	a weight as a pointer
\*\(?(const )?[a-z_0-9]+(->|\.)(weight|bias|packed|vector|factors)\b	a weight's value
(^|[^A-Za-z_0-9)])\((const )?(struct |union )?[a-z_0-9]+ (const )?(\* ?(const ?)?)+\)	a cast of a pointer
\((const )?(struct|union) \{	a cast of a pointer
\bmem(cpy|move)\((&|[^,;]*, ?&)	a copy of a struct's bytes
PATTERNS
}

# look PATTERN WHAT FILE: tells each such line of the file; 1 if there is one.
look() {
    local pattern=$1 what=$2 file=$3 line bad=0
    while IFS= read -r line; do
        echo "$file:$line: $what; only tensor/ and backend/ may, others use tensor/values.h"
        bad=1
    done < <(sed -E "s/$other_data|$other_casts//g" "$file" | grep -nE -- "$pattern")
    return $bad
}

# check_unions FILE: a tensor that shares its memory with something else.
check_unions() {
    awk -v file="$1" '
        /(^|[^a-z_])union([^a-z_]|$)/ { inside = 1 }
        inside && /(i2v_tensor|i2v_filter|i2v_epilogue|i2v_norm|i2v_linear|i2v_conv) [a-z_]+;/ {
            print file ":" NR ": a union with a tensor or a weight; only tensor/ and backend/ may"
            bad = 1
        }
        /}/ { inside = 0 }
        END { exit bad }' "$1"
}

# check_tree ROOT: every line of src/ and cli/ but for the two layers; and that one file chooses the backend.
check_tree() (
    cd "$1" || exit 1
    bad=0
    mapfile -t files < <(find src cli -name '*.[ch]' -not -path 'src/tensor/*' -not -path 'src/backend/*' | sort)
    [ ${#files[@]} -gt 0 ] || { echo "no source files in $1"; exit 1; }
    while IFS=$'\t' read -r pattern what; do
        # most have none, and it takes long to look at each by itself
        grep -qhE -- "$pattern" "${files[@]}" || continue
        for file in "${files[@]}"; do
            # layers that cannot see a tensor have data of their own
            case $what:$file in
            *:src/model/* | *:src/pipeline/*) ;;
            *.data:* | 'a cast '*:* | 'a copy '*:*) continue ;;
            esac
            look "$pattern" "$what" "$file" || bad=1
        done
    done < <(refused)
    for file in "${files[@]}"; do
        case $file in src/model/* | src/pipeline/*) check_unions "$file" || bad=1 ;; esac
    done
    mapfile -t choosers < <(grep -lE 'i2v_backend_(cpu|plain)\(' "${files[@]}")
    [ ${#choosers[@]} -le 1 ] || { echo "more than one file chooses the backend: ${choosers[*]}"; bad=1; }
    exit $bad
)

# A check that finds nothing proves nothing: each of the first lines must be refused, and none of the others.
self_test() {
    local tree status=0 file line
    tree=$(mktemp -d)
    mkdir -p "$tree/cli" "$tree/src/"{model,pipeline,media,tensor,backend}
    while read -r file line; do
        echo "$line" > "$tree/$file"
        check_tree "$tree" > /dev/null && { echo "not refused: $line in $file"; status=1; }
        rm "$tree/$file"
    done <<'LINES'
src/model/a.c float *out = i2v_tensor_floats(&x);
src/model/a.c float *out = x.data;
src/model/a.c for (int i = 0; i < 3; i++) ((float *)x->data)[i] = 0;
src/model/a.c memcpy(x.data, values, sizeof values);
src/model/a.h if (!i2v_run_computes(run)) return;
src/model/a.c void *memory = i2v_run_take(run, 64);
src/model/a.c i2v_tensor patches = {values + size, 1, side, side, size, I2V_ELEMENT_F32};
src/model/a.c return (i2v_tensor){values, 1, 1, 1, 3, I2V_ELEMENT_F32};
src/model/a.c return (i2v_tensor){.data = values};
src/model/a.c float first = norm->weight[0];
src/model/a.c epilogue.residual[0] = x;
src/model/a.c const float *bias = attention->to_out.parts[0].bias;
src/model/a.c const float *table = clip->position_embedding;
src/model/a.c float first = *norm.bias;
src/model/a.c float *out = ((struct raw *)&x)->values;
src/model/a.c const float *out = ((const view *)tensor)->values;
src/model/a.c float *out = *(float **)&x;
src/model/a.c use((float *)(conv->filter.packed));
src/model/a.c float first = ((const float *)conv->filter.packed)[0];
src/model/a.c view *raw = (view *)x;
src/pipeline/a.c const float *out = *(const float *const *)x;
src/pipeline/a.c float *out = ((struct { float *values; } *)x)->values;
src/pipeline/a.c memcpy(&out, &x, sizeof out);
src/pipeline/a.c union { i2v_tensor tensor; float *values; } raw = {.tensor = x};
src/model/a.h typedef union either { int none; i2v_conv conv; float *values; } either;
src/pipeline/a.c float scale = 2, *out = z.data;
src/pipeline/a.c if (i2v_run_computes(run)) memset(x.data, 0, bytes);
src/media/a.c i2v_tensor_floats(x);
cli/a.c i2v_run_computes(run);
LINES
    while read -r file line; do
        : > "$tree/src/model/none.c"
        echo "$line" > "$tree/$file"
        check_tree "$tree" > /dev/null || { echo "refused: $line in $file"; status=1; }
        rm "$tree/$file"
    done <<'LINES'
src/tensor/a.c float *out = i2v_tensor_floats(&x);
src/backend/a.c float *out = args->x.data;
src/media/a.c memcpy(file.data, values, sizeof values);
src/model/a.c changed->at.data = (const uint8_t *)values;
src/model/a.c i2v_tensor none = {0}, out = x;
src/model/a.c return (i2v_tensor){0};
src/model/a.c const i2v_weights *weights = engine->weights[part];
src/pipeline/a.c i2v_source source = {{.data = (const uint8_t *)values}, I2V_ELEMENT_F16, 1};
src/model/a.c static void unnamed(const float *, i2v_tensor *);
src/model/a.c typedef void (*told)(float *, int);
src/pipeline/a.c entry *e = (entry *)(uintptr_t)part;
src/pipeline/a.c double first = *(const double *)a;
src/pipeline/a.c memcpy(made->latents, latents, latents_count(&sizes) * sizeof *latents);
src/pipeline/a.c union { const i2v_unet *unet; const void *any; } model;
src/media/a.c uint16_t *row = (uint16_t *)&pixels[at];
src/pipeline/a.c for (float *row; (row = i2v_walk_next(&walk));) row[0] = condition->embedding[0];
LINES
    echo 'backend = i2v_backend_cpu();' | tee "$tree/src/pipeline/a.c" > "$tree/src/pipeline/b.c"
    check_tree "$tree" > /dev/null && { echo 'not refused: two files that choose the backend'; status=1; }
    rm -r "$tree"
    return $status
}

self_test && check_tree "$1" && echo 'tensors are reached by one door'
