/* SPDX-License-Identifier: Apache-2.0 */
/* Table: aligned columns that fit the terminal. */
#include "base/text.h"
#include "cli/show.h"
#include <string.h>

#define GAP        2 /* blanks between columns */
#define CELL_MIN   6
#define LAST_MIN   20
#define CELL_WHOLE 60 /* elsewhere than on a terminal nothing is cut, but alignment ends here */

void table_begin(struct table *t, struct cmd *c, const char *const *heads) {
    *t = (struct table){.c = c};
    for (; *heads; heads++)
        table_head(t, **heads == '>' ? *heads + 1 : *heads, **heads == '>');
}

void table_head(struct table *t, const char *head, bool right) {
    if (t->columns == TABLE_COLUMNS)
        return;
    t->heads[t->columns] = head;
    t->right[t->columns++] = right;
}

void table_cell(struct table *t, kith_str text) {
    kith_str *cells = arena_grow(&t->c->arena, t->cells, t->count, &t->cap, sizeof *cells);
    if (!cells)
        return;
    t->cells = cells;
    struct buf plain = {0};
    text_plain(&plain, text);
    t->cells[t->count++] = arena_str(&t->c->arena, buf_view(&plain));
    buf_free(&plain);
}

void table_cellz(struct table *t, const char *text) {
    table_cell(t, str_of(text));
}

static void measure(const struct table *t, size_t *width) {
    for (uint32_t i = 0; i < t->columns; i++)
        width[i] = strlen(t->heads[i]);
    for (size_t i = 0; i < t->count; i++) {
        size_t w = text_width(t->cells[i]);
        size_t *column = &width[i % t->columns];
        *column = w > *column ? w : *column;
    }
}

static uint32_t widest_column(const struct table *t, const size_t *width) {
    uint32_t widest = t->columns > 1 ? 1 : 0; /* the first, an id or a name, stays whole */
    for (uint32_t i = widest + 1; i < t->columns; i++)
        widest = width[i] > width[widest] ? i : widest;
    return widest;
}

/* The last column, which is the least important or prose, gives way first; then the widest. */
static void fit(const struct table *t, size_t *width) {
    size_t total = 0, room = t->c->io->columns;
    for (uint32_t i = 0; i < t->columns; i++)
        total += width[i] + (i > 0 ? GAP : 0);
    while (total > room) {
        uint32_t last = t->columns - 1;
        uint32_t at = width[last] > LAST_MIN ? last : widest_column(t, width);
        if (width[at] <= CELL_MIN)
            return;
        width[at]--;
        total--;
    }
}

static void blanks(struct io *io, size_t n) {
    while (n-- > 0)
        io_puts(io, " ");
}

static void print_cell(const struct table *t, uint32_t column, kith_str text, size_t width) {
    struct io *io = t->c->io;
    size_t w = text_width(text);
    bool last = column + 1 == t->columns;
    if (w > width && io->columns > 0) {
        text = text_cut(text, width - 1);
        io_raw(io, text);
        io_puts(io, "\xe2\x80\xa6");
        blanks(io, last ? 0 : width - 1 - text_width(text));
    } else if (t->right[column]) {
        blanks(io, w < width ? width - w : 0);
        io_raw(io, text);
    } else {
        io_raw(io, text);
        blanks(io, last || w >= width ? 0 : width - w);
    }
    blanks(io, last ? 0 : GAP);
}

void table_print(struct table *t) {
    struct io *io = t->c->io;
    size_t width[TABLE_COLUMNS] = {0};
    if (t->columns == 0)
        return;
    measure(t, width);
    if (io->columns > 0)
        fit(t, width);
    for (uint32_t i = 0; i < t->columns && io->columns == 0; i++)
        width[i] = width[i] > CELL_WHOLE ? CELL_WHOLE : width[i];
    io_puts(io, io_style(io, STYLE_HEAD));
    for (uint32_t i = 0; i < t->columns; i++)
        print_cell(t, i, str_of(t->heads[i]), width[i]);
    io_printf(io, "%s\n", io_style(io, STYLE_PLAIN));
    for (size_t i = 0; i < t->count; i++) {
        uint32_t column = (uint32_t)(i % t->columns);
        print_cell(t, column, t->cells[i], width[column]);
        if (column + 1 == t->columns)
            io_puts(io, "\n");
    }
}
