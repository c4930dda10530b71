/* What was measured, as tables for a person or as JSON. */
#include "bench_report.h"
#include "json.h"
#include "json_print.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>

static double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

/* Operations, a multiply-add being two, in units of 10^9. */
static double gigas(uint64_t multiplications) {
    return 2e-9 * (double)multiplications;
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

static void print_peak(const char *name, const i2v_bench_peak *peak, const char *unit) {
    if (peak->instructions)
        printf("  %-5s %8.1f %-8s %s\n", name, peak->rate * 1e-9, unit, peak->instructions);
    else
        printf("  %-5s %8s %-8s no instruction for it\n", name, "-", unit);
}

static void print_peaks(const i2v_bench_report *report) {
    const i2v_bench_peaks *peaks = &report->peaks;
    printf("peaks, %d thread%s\n", report->threads, report->threads == 1 ? "" : "s");
    print_peak("f32", &peaks->f32, "GFLOP/s");
    print_peak("bf16", &peaks->bf16, "GFLOP/s");
    print_peak("int8", &peaks->int8, "GOP/s");
    printf("  %-5s %8.1f GB/s\n  %-5s %8.1f GB/s     read and written\n", "read", peaks->read * 1e-9, "copy",
           peaks->copy * 1e-9);
}

/* Which bound is the nearer one. */
static const char *bound_name(const i2v_bench_row *row, const i2v_bench_report *report) {
    return row->memory_bound ? "memory" : row->is_int8 ? "int8" : report->peak_name;
}

/* The rate that the nearer bound is about, and the bound. */
static void print_row(const i2v_bench_row *row, const i2v_bench_pass *pass, const i2v_bench_report *report) {
    double rate = row->memory_bound ? 1e-9 * (double)row->bytes : gigas(row->multiplications);
    printf("%-14s %-40s %6" PRIu64 " %10.2f %9.1f %-7s %6.1f %% %-6s %5.1f %%\n", row->operation, row->shape,
           row->count, 1e3 * row->seconds, share(rate, row->seconds), row->memory_bound ? "GB/s" : "GFLOP/s",
           100 * share(row->least_seconds, row->seconds), bound_name(row, report),
           100 * share(row->seconds, pass->seconds));
}

static void print_pass(const char *title, const i2v_bench_pass *pass, const i2v_bench_report *report) {
    double rate = share(gigas(pass->multiplications), pass->seconds),
           outside = pass->seconds - pass->operations_seconds;
    printf("\n%s: %.4g s, %.4g GFLOP, %.1f GFLOP/s, %.1f %% of the %s peak; %.1f %% outside of operations\n", title,
           pass->seconds, gigas(pass->multiplications), rate, 100 * share(rate, report->peak_rate * 1e-9),
           report->peak_name, 100 * share(outside, pass->seconds));
    printf("%-14s %-40s %6s %10s %17s %15s %7s\n", "operation", "shape", "count", "ms", "rate    ", "of the bound",
           "of all");
    for (size_t i = 0; i < pass->rows_count; i++) print_row(&pass->rows[i], pass, report);
}

static int print_table(const cli_job *job) {
    const i2v_bench_report *report = job->bench;
    const char *name = job->model.tiny_decoder ? "tiny decoder" : "VAE decoder";
    char decoder[80];
    cli_line(stdout, "model %s, %s", job->model.path, report->backend);
    printf("%dx%d, %d frames; the fastest of %d\n\n", report->width, report->height, report->num_frames,
           report->repetitions);
    print_peaks(report);
    print_pass("UNet, one pass", &report->unet, report);
    snprintf(decoder, sizeof decoder, "%s, %d frame%s", name, report->decode_chunk_size,
             report->decode_chunk_size == 1 ? "" : "s");
    print_pass(decoder, &report->decoder, report);
    return cli_flush_output();
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* Operations a second, or null. */
static json_t *peak_json(const i2v_bench_peak *peak) {
    if (!peak->instructions) return json_null();
    return json_pack("{s:s, s:f}", "instructions", peak->instructions, "rate", peak->rate);
}

static json_t *peaks_json(const i2v_bench_report *report) {
    const i2v_bench_peaks *peaks = &report->peaks;
    return json_pack("{s:o, s:o, s:o, s:f, s:f}", "f32", peak_json(&peaks->f32), "bf16", peak_json(&peaks->bf16),
                     "int8", peak_json(&peaks->int8), "read", peaks->read, "copy", peaks->copy);
}

static json_t *row_json(const i2v_bench_row *row, const i2v_bench_pass *pass, const i2v_bench_report *report) {
    return json_pack("{s:s, s:s, s:I, s:f, s:I, s:I, s:s, s:f, s:f}", "operation", row->operation, "shape", row->shape,
                     "count", (json_int_t)row->count, "seconds", row->seconds, "multiplications",
                     (json_int_t)row->multiplications, "bytes", (json_int_t)row->bytes, "bound",
                     bound_name(row, report), "share_of_bound",
                     share(row->least_seconds, row->seconds), "share_of_all", share(row->seconds, pass->seconds));
}

static json_t *pass_json(const i2v_bench_pass *pass, const i2v_bench_report *report) {
    json_t *rows = json_array();
    for (size_t i = 0; i < pass->rows_count; i++) cli_json_append(&rows, row_json(&pass->rows[i], pass, report));
    double rate = share(2 * (double)pass->multiplications, pass->seconds);
    return json_pack("{s:f, s:f, s:I, s:f, s:f, s:o}", "seconds", pass->seconds, "operations_seconds",
                     pass->operations_seconds, "multiplications", (json_int_t)pass->multiplications, "rate", rate,
                     "share_of_peak", share(rate, report->peak_rate), "operations", rows);
}

static int print_json(const cli_job *job) {
    const i2v_bench_report *report = job->bench;
    return cli_print_json(json_pack(
        "{s:s, s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:s, s:o, s:o}", "command", "bench", "version",
        i2v_version(), "model", cli_json_text(job->model.path), "backend", report->backend, "threads", report->threads,
        "repeat", report->repetitions, "width", report->width, "height", report->height, "num_frames",
        report->num_frames, "decode_chunk_size", report->decode_chunk_size, "peaks", peaks_json(report), "peak",
        report->peak_name, "unet", pass_json(&report->unet, report), "decoder", pass_json(&report->decoder, report)));
}

int cli_bench_report(const cli_job *job) {
    return job->settings->json ? print_json(job) : print_table(job);
}
