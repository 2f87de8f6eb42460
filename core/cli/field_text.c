/* SPDX-License-Identifier: Apache-2.0 */
/* The kind of a field in words, as explain and the reference show it. */
#include "cli/reference.h"
#include "record/record.h"
#include "record/series.h"

static void state_text(const struct rfield *f, struct buf *out) {
    for (uint32_t i = 0; i < f->option_count; i++) {
        const char *link = " → ";
        buf_printf(out, "%s%s", i > 0 ? ", " : "", f->options[i]);
        for (uint32_t j = 0; j < f->option_count; j++) {
            if (!(f->arrows[i] >> j & 1u))
                continue;
            buf_printf(out, "%s%s", link, f->options[j]);
            link = " / ";
        }
    }
    const char *sep = "; ends: ";
    for (uint32_t i = 0; i < f->option_count; i++)
        if (f->closed >> i & 1u) {
            buf_printf(out, "%s%s", sep, f->options[i]);
            sep = " / ";
        }
}

static void flags_text(const struct rfield *f, struct buf *out) {
    static const struct {
        uint32_t flag;
        const char *name;
    } flags[] = {
        {KITH_FF_REQUIRED, "required"},      {KITH_FF_UNIQUE, "unique"},
        {KITH_FF_READONLY, "read-only"},     {KITH_FF_PARTOF, "part of it"},
        {KITH_FF_SUBJECT, "tells about it"}, {KITH_FF_PERSONAL, "personal"},
        {KITH_FF_ASSIGNEE, "sees to it"},    {KITH_FF_INDEXED, "indexed"},
    };
    const char *before = " (";
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!(f->flags & flags[i].flag) || (f->formula && flags[i].flag == KITH_FF_READONLY))
            continue;
        buf_printf(out, "%s%s", before, flags[i].name);
        before = ", ";
    }
    if (f->formula) {
        buf_printf(out, "%skept by Kith: %s", before, f->formula);
        before = ", ";
    }
    if (f->default_text) {
        buf_printf(out, "%sdefault %s", before, f->default_text);
        before = ", ";
    }
    if (f->min_text || f->max_text) {
        buf_puts(out, before);
        field_range_text(f, out);
        before = ", ";
    }
    buf_puts(out, before[0] == ',' ? ")" : "");
}

void field_text(const struct rfield *f, struct buf *out) {
    buf_puts(out, field_kind_name(f->kind));
    if (f->any_target)
        buf_puts(out, " to any record");
    else if (f->target)
        buf_printf(out, " to %s", f->target->name);
    else if (f->kind == KITH_F_STATE || f->option_count > 0)
        buf_puts(out, ": ");
    if (f->kind == KITH_F_STATE)
        state_text(f, out);
    for (uint32_t i = 0; f->kind != KITH_F_STATE && i < f->option_count; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", f->options[i]);
    if (f->series)
        buf_printf(out, " %s", f->series->pattern);
    flags_text(f, out);
}
