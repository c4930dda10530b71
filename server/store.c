/* Jobs and their states, in SQLite.
 *
 * Turns make the queue fair (start-time fair queueing): a client's first job takes the turn that is on, each further
 * one the turn after its last; jobs go by turn, then as they came. So a second job waits while another client has none
 * before it, and who comes new need not wait for all that others have handed in. */
#include "store.h"
#include "failure.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct server_store {
    sqlite3 *database;
    pthread_mutex_t lock;
};

enum { SCHEMA = 1 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " status INTEGER NOT NULL, client TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT, parameters TEXT NOT NULL,"
    " error TEXT, created INTEGER NOT NULL, started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
    " bytes INTEGER NOT NULL DEFAULT 0, expected REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " turn INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS jobs_by_turn ON jobs (status, turn, number);"
    "CREATE INDEX IF NOT EXISTS jobs_by_client ON jobs (client, number);"
    "CREATE TABLE IF NOT EXISTS clients (client TEXT PRIMARY KEY, turn INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS clock (turn INTEGER NOT NULL);"
    "INSERT INTO clock SELECT 0 WHERE NOT EXISTS (SELECT * FROM clock);"
    /* where removed jobs were in lists, of the last million: who pages through a list goes on from there */
    "CREATE TABLE IF NOT EXISTS removed (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, client TEXT NOT NULL);"
    "CREATE TRIGGER IF NOT EXISTS job_removed AFTER DELETE ON jobs BEGIN"
    " INSERT INTO removed VALUES (OLD.number, OLD.id, OLD.client);"
    " DELETE FROM removed WHERE number < OLD.number - 1000000; END;"
    "PRAGMA user_version = 1;";

#define COLUMNS                                                                                                        \
    "SELECT id, status, client, model, prompt, parameters, error, created, started, ended, bytes, expected, "          \
    "attempts FROM jobs "
/* ?1 is a client, or NULL for any */
#define OF_CLIENT " (?1 IS NULL OR client = ?1) "

const char *server_status_name(server_status status) {
    static const char *const names[SERVER_STATUSES] = {"queued", "in_progress", "completed", "failed", "cancelled"};
    return names[status];
}

void server_job_end(server_job *job) {
    free(job->client);
    free(job->model);
    free(job->prompt);
    free(job->parameters);
    free(job->error);
    memset(job, 0, sizeof *job);
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

static server_stored fail(server_store *store, i2v_error *error) {
    int code = sqlite3_errcode(store->database);
    server_fail(error, code == SQLITE_NOMEM ? I2V_ERROR_MEMORY : I2V_ERROR_IO, "the server's database fails: %s",
                sqlite3_errmsg(store->database));
    return code == SQLITE_FULL ? SERVER_DISK_FULL : SERVER_STORE_BROKEN;
}

/* types: "t" const char *, "i" int64_t, "d" double, in the order of ?1, ?2, ... */
static int bind(sqlite3_stmt *statement, const char *types, va_list values) {
    int code = SQLITE_OK;
    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        if (types[i] == 't')
            code = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1, SQLITE_STATIC);
        else if (types[i] == 'i')
            code = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        else
            code = sqlite3_bind_double(statement, i + 1, va_arg(values, double));
    }
    return code;
}

static server_stored prepare(server_store *store, sqlite3_stmt **statement, i2v_error *error, const char *sql,
                             const char *types, va_list values) {
    *statement = NULL;
    if (sqlite3_prepare_v2(store->database, sql, -1, statement, NULL) != SQLITE_OK ||
        bind(*statement, types, values) != SQLITE_OK) {
        server_stored result = fail(store, error);
        sqlite3_finalize(*statement);
        *statement = NULL;
        return result;
    }
    return SERVER_STORED;
}

/* On a full disk the log (WAL) cannot grow: once it is in the database it is written over from its beginning. */
static int step(server_store *store, sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    if (code != SQLITE_FULL || !sqlite3_get_autocommit(store->database)) return code;
    sqlite3_reset(statement);
    sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    return sqlite3_step(statement);
}

/* What gives no rows. Not there: it changed nothing. */
static server_stored change(server_store *store, i2v_error *error, const char *sql, const char *types, ...) {
    sqlite3_stmt *statement;
    va_list values;
    va_start(values, types);
    server_stored result = prepare(store, &statement, error, sql, types, values);
    va_end(values);
    if (result != SERVER_STORED) return result;
    if (step(store, statement) != SQLITE_DONE)
        result = fail(store, error);
    else if (sqlite3_changes(store->database) == 0)
        result = SERVER_NOT_THERE;
    sqlite3_finalize(statement);
    return result;
}

/* The same with nobody else between. */
#define ALONE(store, call)                                                                                             \
    do {                                                                                                               \
        pthread_mutex_lock(&(store)->lock);                                                                            \
        server_stored result_ = call;                                                                                  \
        pthread_mutex_unlock(&(store)->lock);                                                                          \
        return result_;                                                                                                \
    } while (0)

static char *text(sqlite3_stmt *row, int column, int *lacks_memory) {
    const char *found = (const char *)sqlite3_column_text(row, column);
    char *copy = found ? strdup(found) : NULL;
    *lacks_memory |= found && !copy;
    return copy;
}

/* 0 without memory. */
static int read_row(sqlite3_stmt *row, server_job *job) {
    int lacks_memory = 0;
    memset(job, 0, sizeof *job);
    char *id = text(row, 0, &lacks_memory);
    if (id && server_id_is_good(id)) strcpy(job->id, id);
    free(id);
    int status = sqlite3_column_int(row, 1);
    job->status = status >= 0 && status < SERVER_STATUSES ? (server_status)status : SERVER_FAILED;
    job->client = text(row, 2, &lacks_memory);
    job->model = text(row, 3, &lacks_memory);
    job->prompt = text(row, 4, &lacks_memory);
    job->parameters = text(row, 5, &lacks_memory);
    job->error = text(row, 6, &lacks_memory);
    job->created = sqlite3_column_int64(row, 7);
    job->started = sqlite3_column_int64(row, 8);
    job->ended = sqlite3_column_int64(row, 9);
    job->bytes = sqlite3_column_int64(row, 10);
    job->expected = sqlite3_column_double(row, 11);
    job->attempts = sqlite3_column_int(row, 12);
    return !lacks_memory && job->id[0];
}

/* Up to limit rows of COLUMNS. */
static server_stored select_jobs(server_store *store, server_job *jobs, int limit, int *count, i2v_error *error,
                                 const char *sql, const char *types, ...) {
    sqlite3_stmt *statement;
    va_list values;
    int code = SQLITE_DONE;
    *count = 0;
    va_start(values, types);
    server_stored result = prepare(store, &statement, error, sql, types, values);
    va_end(values);
    if (result != SERVER_STORED) return result;
    while (*count < limit && (code = sqlite3_step(statement)) == SQLITE_ROW && read_row(statement, &jobs[*count]))
        ++*count;
    if (*count < limit && code == SQLITE_ROW) {
        server_job_end(&jobs[*count]);
        server_fail(error, I2V_ERROR_MEMORY, "not enough memory for a job");
        result = SERVER_STORE_BROKEN;
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        result = fail(store, error);
    }
    for (int i = 0; result != SERVER_STORED && i < *count; i++) server_job_end(&jobs[i]);
    if (result != SERVER_STORED) *count = 0;
    sqlite3_finalize(statement);
    return result;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* SQLite says "disk I/O error" of some of what a full disk refuses. */
static int lacks_room(const char *path) {
    struct statvfs info;
    return statvfs(path, &info) == 0 && (double)info.f_bavail * (double)info.f_frsize < 1 << 20;
}

static int read_version(sqlite3 *database) {
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

/* FULL: what a client was told of is there after a loss of power, too. The server alone uses the database, so that its
 * log needs no index on the disk; the log stays when the server ends, and is small, so that a full disk has room for a
 * few more changes: to remove a job is one. */
static const char settings[] =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16;";

static int run(sqlite3 *database, const char *sql) {
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first pages are in the database itself at once. */
static int make_tables(sqlite3 *database, int version) {
    if (version == SCHEMA) return 1;
    return run(database, "BEGIN IMMEDIATE") && run(database, schema) && run(database, "COMMIT") &&
           run(database, "PRAGMA wal_checkpoint(RESTART)");
}

static i2v_status prepare_database(server_store *store, const char *path, i2v_error *error) {
    sqlite3 *database = store->database;
    int keep = 1;
    sqlite3_busy_timeout(database, 10000);
    sqlite3_file_control(database, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
    if (run(database, settings)) {
        int version = read_version(database);
        if (version > SCHEMA)
            return server_fail(error, I2V_ERROR_FORMAT,
                               "%s is of a newer img2vid; use that one, or give another folder with --data", path);
        if (version >= 0 && make_tables(database, version) &&
            run(database, "CREATE TEMP TABLE offered (model TEXT PRIMARY KEY) WITHOUT ROWID"))
            return I2V_OK;
    }
    int is_full = (sqlite3_errcode(database) & 0xff) == SQLITE_FULL || lacks_room(path);
    return server_fail(error, I2V_ERROR_IO, "cannot use the server's database %s: %s; %s", path,
                       sqlite3_errmsg(database),
                       is_full ? "its disk is full: free 1 MiB there" : "give another folder with --data");
}

/* SQLite makes the files beside the database with the database's own rights. Those of an earlier server may have had
 * others; where a file system knows no rights this changes nothing. */
static void make_private(const char *path) {
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *name;
        if (asprintf(&name, "%s%s", path, endings[i]) < 0) return;
        int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (i == 0 ? O_CREAT : 0), file = open(name, flags, 0600);
        if (file >= 0) {
            fchmod(file, 0600);
            close(file);
        }
        free(name);
    }
}

i2v_status server_store_open(server_store **store, const char *path, i2v_error *error) {
    server_store *made = *store = calloc(1, sizeof *made);
    if (!made) return server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the server's database");
    pthread_mutex_init(&made->lock, NULL);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW;
    i2v_status status;
    make_private(path);
    if (sqlite3_open_v2(path, &made->database, flags, NULL) == SQLITE_OK)
        status = prepare_database(made, path, error);
    else
        status = server_fail(error, I2V_ERROR_IO, "cannot open the server's database %s: %s", path,
                             sqlite3_errmsg(made->database));
    if (status == I2V_OK) return I2V_OK;
    server_store_close(made);
    *store = NULL;
    return status;
}

void server_store_close(server_store *store) {
    if (!store) return;
    sqlite3_close(store->database);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

server_stored server_store_offer(server_store *store, const char *model, i2v_error *error) {
    ALONE(store, change(store, error, "INSERT OR REPLACE INTO offered VALUES (?1)", "t", model));
}

/* A job that has begun waits like the others: it is not worked on. */
static server_stored put_back(server_store *store, i2v_error *error) {
    server_stored result = change(
        store, error, "UPDATE jobs SET status = 0 WHERE status = 1 AND model NOT IN (SELECT model FROM offered)", "");
    return result == SERVER_NOT_THERE ? SERVER_STORED : result;
}

static server_stored tell_missing(server_store *store, void (*tell)(const char *model, int64_t count, void *user),
                                  void *user, i2v_error *error) {
    static const char sql[] = "SELECT model, COUNT(*) FROM jobs WHERE status IN (0, 1)"
                              " AND model NOT IN (SELECT model FROM offered) GROUP BY model";
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &rows, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW)
        if ((code = sqlite3_step(rows)) == SQLITE_ROW)
            tell((const char *)sqlite3_column_text(rows, 0), sqlite3_column_int64(rows, 1), user);
    server_stored result = code == SQLITE_DONE ? SERVER_STORED : fail(store, error);
    sqlite3_finalize(rows);
    return result;
}

server_stored server_store_missing(server_store *store, void (*tell)(const char *model, int64_t count, void *user),
                                   void *user, i2v_error *error) {
    pthread_mutex_lock(&store->lock);
    server_stored result = tell_missing(store, tell, user, error);
    if (result == SERVER_STORED) result = put_back(store, error);
    pthread_mutex_unlock(&store->lock);
    return result;
}

/* ---- jobs that come --------------------------------------------------------------------------------------------- */

static int64_t number_of(server_store *store, const char *sql) {
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    if (sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Clients whose last turn is over are as new. */
static server_stored add_within(server_store *store, const server_job *job, int most, i2v_error *error) {
    if (number_of(store, "SELECT COUNT(*) FROM jobs WHERE status = 0") >= most) return SERVER_NO_PLACE;
    server_stored result = change(store, error,
                                  "INSERT OR REPLACE INTO clients SELECT ?1, MAX((SELECT turn FROM clock),"
                                  " COALESCE((SELECT turn + 1 FROM clients WHERE client = ?1), 0))",
                                  "t", job->client);
    if (result == SERVER_STORED)
        result = change(store, error,
                        "INSERT INTO jobs (id, status, client, model, prompt, parameters, created, expected, turn)"
                        " SELECT ?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, turn FROM clients WHERE client = ?2",
                        "tttttid", job->id, job->client, job->model, job->prompt, job->parameters, job->created,
                        job->expected);
    if (result == SERVER_STORED)
        result = change(store, error, "DELETE FROM clients WHERE turn < (SELECT turn FROM clock)", "");
    return result == SERVER_NOT_THERE ? SERVER_STORED : result; /* there may be none to delete */
}

static server_stored add(server_store *store, const server_job *job, int most, i2v_error *error) {
    if (sqlite3_exec(store->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) return fail(store, error);
    server_stored result = add_within(store, job, most, error);
    if (result == SERVER_STORED && sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        result = fail(store, error);
    if (result != SERVER_STORED) sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

server_stored server_store_add(server_store *store, const server_job *job, int most, i2v_error *error) {
    ALONE(store, add(store, job, most, error));
}

/* ---- jobs that are there ---------------------------------------------------------------------------------------- */

static server_stored one(server_stored result, int count) {
    return result == SERVER_STORED && count == 0 ? SERVER_NOT_THERE : result;
}

server_stored server_store_find(server_store *store, const char *client, const char *id, server_job *job,
                                i2v_error *error) {
    int count;
    memset(job, 0, sizeof *job);
    pthread_mutex_lock(&store->lock);
    server_stored result =
        select_jobs(store, job, 1, &count, error, COLUMNS "WHERE" OF_CLIENT "AND id = ?2", "tt", client, id);
    pthread_mutex_unlock(&store->lock);
    return one(result, count);
}

/* Where the job of that name is among all, or was. */
static server_stored find_place(server_store *store, i2v_error *error, int64_t *place, const char *types, ...) {
    static const char sql[] = "SELECT number FROM jobs WHERE" OF_CLIENT
                              "AND id = ?2 UNION SELECT number FROM removed WHERE" OF_CLIENT "AND id = ?2";
    sqlite3_stmt *statement;
    va_list values;
    va_start(values, types);
    server_stored result = prepare(store, &statement, error, sql, types, values);
    va_end(values);
    if (result != SERVER_STORED) return result;
    int code = sqlite3_step(statement);
    *place = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (code == SQLITE_DONE) result = SERVER_NOT_THERE;
    if (code != SQLITE_ROW && code != SQLITE_DONE) result = fail(store, error);
    sqlite3_finalize(statement);
    return result;
}

static server_stored list(server_store *store, const char *client, const char *after, int ascending, int limit,
                          server_job *jobs, int *count, i2v_error *error) {
    static const char up[] = COLUMNS "WHERE" OF_CLIENT "AND number > ?2 ORDER BY number LIMIT ?3";
    static const char down[] = COLUMNS "WHERE" OF_CLIENT "AND number < ?2 ORDER BY number DESC LIMIT ?3";
    int64_t place = ascending ? 0 : INT64_MAX;
    server_stored result = after ? find_place(store, error, &place, "tt", client, after) : SERVER_STORED;
    *count = 0;
    if (result != SERVER_STORED) return result;
    return select_jobs(store, jobs, limit, count, error, ascending ? up : down, "tii", client, place, (int64_t)limit);
}

server_stored server_store_list(server_store *store, const char *client, const char *after, int ascending, int limit,
                                server_job *jobs, int *count, i2v_error *error) {
    ALONE(store, list(store, client, after, ascending, limit, jobs, count, error));
}

server_stored server_store_next(server_store *store, server_job *job, i2v_error *error) {
    int count;
    memset(job, 0, sizeof *job);
    pthread_mutex_lock(&store->lock);
    server_stored result = select_jobs(store, job, 1, &count, error,
                                       COLUMNS "WHERE status IN (0, 1) AND model IN (SELECT model FROM offered)"
                                               " ORDER BY status DESC, turn, number LIMIT 1",
                                       "");
    pthread_mutex_unlock(&store->lock);
    return one(result, count);
}

static server_stored begin(server_store *store, const char *id, int64_t now, i2v_error *error) {
    server_stored result = change(
        store, error, "UPDATE clock SET turn = MAX(turn, COALESCE((SELECT turn FROM jobs WHERE id = ?1), 0))", "t", id);
    if (result != SERVER_STORED) return result;
    return change(store, error,
                  "UPDATE jobs SET status = 1, attempts = attempts + 1,"
                  " started = CASE started WHEN 0 THEN ?2 ELSE started END WHERE id = ?1 AND status IN (0, 1)",
                  "ti", id, now);
}

server_stored server_store_begin(server_store *store, const char *id, int64_t now, i2v_error *error) {
    ALONE(store, begin(store, id, now, error));
}

server_stored server_store_leave(server_store *store, const char *id, int attempts, i2v_error *error) {
    ALONE(store, change(store, error, "UPDATE jobs SET attempts = MIN(attempts, ?2) WHERE id = ?1 AND status = 1", "ti",
                        id, (int64_t)attempts));
}

server_stored server_store_advance(server_store *store, const char *id, i2v_error *error) {
    ALONE(store, change(store, error, "UPDATE jobs SET attempts = 0 WHERE id = ?1 AND status = 1", "t", id));
}

server_stored server_store_end(server_store *store, const char *id, server_status status, const char *sentence,
                               int64_t bytes, int64_t now, i2v_error *error) {
    ALONE(store, change(store, error,
                        "UPDATE jobs SET status = ?2, error = ?3, bytes = ?4, ended = ?5 WHERE id = ?1 AND status = 1",
                        "titii", id, (int64_t)status, sentence, bytes, now));
}

server_stored server_store_cancel(server_store *store, const char *client, const char *id, int64_t now,
                                  i2v_error *error) {
    ALONE(store, change(store, error,
                        "UPDATE jobs SET status = 4, ended = ?3 WHERE" OF_CLIENT "AND id = ?2 AND status IN (0, 1)",
                        "tti", client, id, now));
}

server_stored server_store_remove(server_store *store, const char *client, const char *id, i2v_error *error) {
    ALONE(store, change(store, error, "DELETE FROM jobs WHERE" OF_CLIENT "AND id = ?2", "tt", client, id));
}

void server_store_count(server_store *store, int64_t counts[SERVER_STATUSES]) {
    pthread_mutex_lock(&store->lock);
    for (int i = 0; i < SERVER_STATUSES; i++) {
        char sql[64];
        sqlite3_snprintf(sizeof sql, sql, "SELECT COUNT(*) FROM jobs WHERE status = %d", i);
        counts[i] = number_of(store, sql);
    }
    pthread_mutex_unlock(&store->lock);
}
