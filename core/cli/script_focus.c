/* SPDX-License-Identifier: Apache-2.0 */
/* Which file of rules or workflows a command means, installed or not, and whether it runs. */
#include "base/file.h"
#include "cli/show.h"

#include <string.h>

#define FILE_MOST (1u << 20) /* bytes */

static const char *const folders[] = {"workflows", "rules"};
#define FOLDERS (sizeof folders / sizeof *folders)

/* One of the folder itself, or of a module's folder of workflows: those below "examples" do
 * nothing, and are looked at as files from elsewhere. */
static bool is_in(const char *file, const char *folder) {
    const size_t len = strlen(folder);
    if (strncmp(file, folder, len) != 0 || file[len] != '/')
        return false;
    const char *name = file + len + 1, *slash = strchr(name, '/');
    return !slash || (folder == folders[0] && !strchr(slash + 1, '/') &&
                      strncmp(name, "examples/", strlen("examples/")) != 0);
}

/* "care.lua", "workflows/care.lua", "sales/cadences.lua" and "workflows/sales/cadences.lua". */
static kith_status find_own(struct cmd *c, const char *given, const char **out, kith_error *e) {
    for (size_t i = 0; i < FOLDERS && !*out; i++) {
        const char *below = arena_printf(&c->arena, "%s/%s", folders[i], given);
        if (!below)
            return err_nomem(e);
        const char *file = is_in(given, folders[i]) ? given : below;
        if (is_in(file, folders[i]) && company_has(c->dir, file))
            *out = file;
    }
    return KITH_OK;
}

/* The folder in which a file elsewhere would stand: that of rules where its own is called so. */
static const char *folder_for(const char *given) {
    const char *slash = strrchr(given, '/');
    size_t len = slash ? (size_t)(slash - given) : 0;
    bool rules = len >= 5 && strncmp(slash - 5, "rules", 5) == 0 && (len == 5 || slash[-6] == '/');
    return folders[rules];
}

bool cmd_names_script(const char *word) {
    const char *slash = strrchr(word, '/');
    return file_ends(slash ? slash + 1 : word, ".lua");
}

kith_status cmd_script_focus(struct cmd *c, const char *given, bool alone, struct script_focus *out,
                             kith_error *e) {
    const char *name = strrchr(given, '/');
    struct buf text = {0};
    *out = (struct script_focus){.alone = alone};
    TRY(find_own(c, given, &out->file, e));
    if (out->file)
        return KITH_OK;
    kith_status st = io_read_file(c->io, given, FILE_MOST, &text, e);
    out->text = arena_str(&c->arena, text.ptr ? buf_view(&text) : STR(""));
    out->file = arena_printf(&c->arena, "%s/%s", folder_for(given), name ? name + 1 : given);
    buf_free(&text);
    return st != KITH_OK || (out->file && out->text.ptr) ? st : err_nomem(e);
}

kith_status cmd_script_loads(struct cmd *c, const struct company *in, const char *file,
                             kith_error *e) {
    struct scripts_view v;
    size_t wrong = 0;
    TRY(scripts_view(in->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.problem_count; i++) {
        const struct script_problem *p = &v.problems[i];
        if (strcmp(p->file, file) != 0)
            continue;
        show_problem(c, file, (int)p->line, p->message);
        wrong++;
    }
    return wrong ? err_set(e, KITH_E_INVAL, NULL, "%s does not run: mend it first", file) : KITH_OK;
}
