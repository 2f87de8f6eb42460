/* SPDX-License-Identifier: Apache-2.0 */
/* kith create, update, delete: writing one record by hand. */
#include "cli/bulk.h"
#include "cli/rehearse.h"
#include "cli/show.h"
#include <string.h>

struct job {
    const struct rtype *type;
    kith_id id;
    struct assign *set;
    size_t count;
};

/* "field=value", or "link.field=value" for the record that has the value there. */
static kith_status read_assign(struct cmd *c, const struct rtype *type, const char *word,
                               struct assign *a, kith_error *e) {
    const char *eq = strchr(word, '=');
    if (!eq)
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is not field=value", word);
    kith_str by = {word, (uint64_t)(eq - word)}, name, value = str_of(eq + 1);
    bool found = memchr(word, '.', by.len) != NULL;
    str_split(&by, '.', &name);
    TRY(schema_find_field(cmd_schema(c), type, name, &a->field, e));
    if (found && value.len)
        return engine_find_linked(c->company->engine, &c->principal, a->field, by, value, &c->arena,
                                  &a->value, e);
    a->value = value_str(value); /* empty is no value */
    return engine_link_text(a->field, value, e);
}

/* Those from place `from` on. An empty value empties the field. */
static kith_status read_assigns(struct cmd *c, size_t from, struct job *job, kith_error *e) {
    job->set = ARENA_ARRAY(&c->arena, struct assign, c->arg_count + 1);
    if (!job->set)
        return err_nomem(e);
    for (size_t i = from; i < c->arg_count; i++)
        TRY(read_assign(c, job->type, c->args[i], &job->set[job->count++], e));
    return KITH_OK;
}

static kith_status do_create(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    kith_id id;
    TRY(txn_create(t, job->type, job->set, job->count, &id, e));
    job->id = id;
    return KITH_OK;
}

static kith_status do_update(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    return txn_update(t, job->type, job->id, job->set, job->count, e);
}

static kith_status do_delete(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    return txn_delete(t, job->type, job->id, e);
}

/* "Updated contact 0ABC... Anna Schmidt (transaction 0DEF...)" */
static void report(struct cmd *c, const char *did, const struct job *job, kith_id tx) {
    if (c->json) {
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "id");
        json_id(&j, job->id);
        json_key(&j, "type");
        json_strz(&j, job->type->name);
        json_key(&j, "transaction");
        json_id(&j, tx);
        json_merged(c, &j);
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    if (tx == 0) {
        io_puts(c->io, "Nothing is different: nothing was written.\n");
        return;
    }
    io_printf(c->io, "%s ", did);
    io_text(c->io, show_record(c, job->type, job->id));
    io_printf(c->io, " (transaction %s)\n", show_id(c, tx));
}

static kith_status carry_out(struct cmd *c, struct job *job, write_fn fn, const char *did,
                             kith_error *e) {
    kith_id tx;
    TRY(write_or_rehearse(c, ORIGIN_CLI, fn, job, &tx, e));
    if (!rehearsing(c))
        report(c, did, job, tx);
    return KITH_OK;
}

static kith_status run_create(struct cmd *c, kith_error *e) {
    struct job job = {0};
    TRY(arg_type(c, 0, &job.type, e));
    TRY(read_assigns(c, 1, &job, e));
    return carry_out(c, &job, do_create, "Created", e);
}

/* What is asked for by a condition has no id. */
static kith_status need_words(struct cmd *c, size_t count, kith_error *e) {
    if (c->arg_count >= count)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL, "something is missing: kith %s %s", c->command->name,
                   c->command->args);
}

static kith_status update_all(struct cmd *c, kith_error *e) {
    struct job job = {0};
    TRY(arg_type(c, 0, &job.type, e));
    TRY(read_assigns(c, 1, &job, e));
    return cmd_bulk(c, job.type, job.set, job.count, e);
}

static kith_status delete_all(struct cmd *c, kith_error *e) {
    const struct rtype *type;
    TRY(arg_type(c, 0, &type, e));
    if (c->arg_count > 1)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s': give either the id of one record or --where, not both", c->args[1]);
    return cmd_bulk(c, type, NULL, 0, e);
}

static kith_status run_update(struct cmd *c, kith_error *e) {
    struct job job = {0};
    if (cmd_option(c, "where"))
        return update_all(c, e);
    TRY(need_words(c, 3, e));
    TRY(arg_record(c, 0, &job.type, &job.id, e));
    TRY(arg_follow(c, job.type, &job.id, e));
    TRY(read_assigns(c, 2, &job, e));
    return carry_out(c, &job, do_update, "Updated", e);
}

static kith_status run_delete(struct cmd *c, kith_error *e) {
    struct job job = {0};
    if (cmd_option(c, "where"))
        return delete_all(c, e);
    TRY(need_words(c, 2, e));
    TRY(arg_record(c, 0, &job.type, &job.id, e));
    return carry_out(c, &job, do_delete, "Deleted", e);
}

const struct command command_create = {
    .name = "create",
    .args = "TYPE FIELD=VALUE ...",
    .help = "a new record",
    .more = "  kith create contact name=\"Anna Schmidt\" email=anna@example.org\n"
            "  kith create task title=\"Call back\" about=contact/0ABCDEFGH1234 due=\"2026-02-01 "
            "09:00\"\n"
            "  kith create contact name=\"Bo Li\" account.name=ACME\n\n"
            "LINK.FIELD=VALUE links to the one record that has the value in this field.",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 10000,
    .run = run_create,
};

const struct command command_update = {
    .name = "update",
    .args = "TYPE ID|KEY=VALUE|--where CONDITION FIELD=VALUE ...",
    .help = "change fields of a record, or of all that a condition finds",
    .more = "  kith update contact 0ABCDEFGH1234 city=Berlin phone=\n"
            "  kith update contact --where \"city = 'Bonn' and tagged('fair')\" owner=0ABCDEFGH5678"
            "\n  kith update user login=ada account.name=ACME"
            "\n\nAn empty value empties the field. KEY is a field that no two records share.\nWith "
            "--where the records are written in short\n"
            "transactions, between which others write; what one record refuses is told, and the\n"
            "others are written. One 'kith undo' takes all of it back.",
    .options = {REHEARSE_OPTION, WHERE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 10000,
    .run = run_update,
};

const struct command command_delete = {
    .name = "delete",
    .args = "TYPE ID|--where CONDITION",
    .help = "delete a record, or all that a condition finds, with what is part of them",
    .more = "  kith delete task --where \"state = 'cancelled' and updated < now() - 365d\"\n\n"
            "'kith undo TRANSACTION' brings them back. With --where the records go in short\n"
            "transactions, between which others write; one undo brings all of them back.",
    .options = {REHEARSE_OPTION, WHERE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 2,
    .run = run_delete,
};
