/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic regression of how leads ended on what was known of them, by liblinear, the only file
 * that knows it. What is said of a lead that the regression has seen is too good: so all figures,
 * and the calibration, are of leads that were left out of it, one fifth after the other.
 *
 *   calibration (Platt)  chance = 1 / (1 + exp(-(slope * z + offset)))
 *
 * z is the sum of the regression. Slope and offset go into the weights, which so stay a sum. Where
 * z tells nothing about leads that it has not seen, the slope comes close to 0. */
#include "learn.h"
#include <linear.h>
#include <math.h>
#include <stdlib.h>

#define FOLDS 5
/* The spread that log odds are expected to have before anything is known is 1. */
#define TRUST 1.0
/* Of the base nothing is expected: its weight is taken so many times, so that it costs next to
 * nothing, and the base is no part of the weights of values. */
#define BASE 30.0

struct fitting {
    const kith_host *host;
    const kith_txn *txn;
    struct fit *fit;
    struct feature_node *nodes; /* attributes + 2 for each sample: with the base, and the end */
    struct feature_node **rows; /* those that are learned from */
    double *labels, *z, *w;
    unsigned char *folds;
    double slope, offset;
};

static void quiet(const char *text) {
    (void)text;
}

static double chance(double z) {
    return 1 / (1 + exp(-z));
}

static struct feature_node *nodes_of(const struct fitting *f, uint64_t sample) {
    return f->nodes + sample * (f->fit->attributes + 2);
}

static void fill_nodes(struct fitting *f) {
    const uint32_t width = f->fit->attributes;
    for (uint64_t i = 0; i < f->fit->count; i++) {
        struct feature_node *node = nodes_of(f, i);
        for (uint32_t a = 0; a < width; a++)
            if (f->fit->samples[i * width + a])
                *node++ = (struct feature_node){(int)f->fit->samples[i * width + a], 1};
        *node++ = (struct feature_node){(int)f->fit->features + 1, BASE};
        node->index = -1;
    }
}

/* By turns within those that ended alike, so that no fold lacks one of the two. */
static void share_out(struct fitting *f) {
    uint64_t seen[2] = {0, 0};
    for (uint64_t i = 0; i < f->fit->count; i++)
        f->folds[i] = (unsigned char)(seen[f->fit->ends[i] != 0]++ % FOLDS);
}

/* Learns from all samples but those of a fold (FOLDS: from all of them) into w; the base is the
 * last. */
static kith_status train_without(struct fitting *f, int fold, kith_error *err) {
    struct parameter param = {.solver_type = L2R_LR, .eps = 0.001, .C = TRUST};
    struct problem problem = {.n = (int)f->fit->features + 1, .bias = BASE};
    for (uint64_t i = 0; i < f->fit->count; i++)
        if (f->folds[i] != fold) {
            f->rows[problem.l] = nodes_of(f, i);
            f->labels[problem.l++] = f->fit->ends[i] ? 1 : -1;
        }
    problem.x = f->rows;
    problem.y = f->labels;
    if (check_parameter(&problem, &param))
        return kith_fail(err, KITH_E_INVAL, NULL, "liblinear: %s",
                         check_parameter(&problem, &param));
    struct model *model = train(&problem, &param);
    const double sign = model->label[0] == 1 ? 1 : -1;
    for (int i = 0; i < problem.n; i++)
        f->w[i] = sign * model->w[i];
    free_and_destroy_model(&model);
    return KITH_OK;
}

static double sum_of(const struct fitting *f, uint64_t sample) {
    double z = 0;
    for (const struct feature_node *node = nodes_of(f, sample); node->index > 0; node++)
        z += f->w[node->index - 1] * node->value;
    return z;
}

static kith_status judge_left_out(struct fitting *f, kith_error *err) {
    for (int fold = 0; fold < FOLDS; fold++) {
        KITH_TRY(train_without(f, fold, err));
        for (uint64_t i = 0; i < f->fit->count; i++)
            if (f->folds[i] == fold)
                f->z[i] = sum_of(f, i);
    }
    return KITH_OK;
}

/* One step of Newton's method; how far it went. */
static double step(struct fitting *f) {
    double g0 = 0, g1 = 0, h00 = 1e-9, h01 = 0, h11 = 1e-9;
    for (uint64_t i = 0; i < f->fit->count; i++) {
        const double z = f->z[i], p = chance(f->slope * z + f->offset), v = p * (1 - p);
        g0 += f->fit->ends[i] - p;
        g1 += (f->fit->ends[i] - p) * z;
        h00 += v;
        h01 += v * z;
        h11 += v * z * z;
    }
    const double det = h00 * h11 - h01 * h01;
    if (!(fabs(det) > 1e-12)) /* all of one z: the offset alone can be told */
        return f->offset += g0 / h00, fabs(g0 / h00);
    const double offset = (h11 * g0 - h01 * g1) / det, slope = (h00 * g1 - h01 * g0) / det;
    f->offset += offset;
    f->slope += slope;
    return fabs(offset) + fabs(slope);
}

static void calibrate(struct fitting *f) {
    double converted = 0;
    for (uint64_t i = 0; i < f->fit->count; i++)
        converted += f->fit->ends[i];
    const double rate = converted / (double)f->fit->count;
    f->offset = log(rate / (1 - rate));
    f->slope = 0;
    for (int i = 0; i < 50 && step(f) > 1e-9; i++)
        ;
    if (!(f->slope > 0) || !isfinite(f->offset)) { /* worse than nothing: the rate alone */
        f->slope = 0;
        f->offset = log(rate / (1 - rate));
    }
    for (uint64_t i = 0; i < f->fit->count; i++) {
        const double p = chance(f->slope * f->z[i] + f->offset), off = f->fit->ends[i] - p;
        f->fit->brier += off * off / (double)f->fit->count;
    }
    f->fit->brier_of_rate = rate * (1 - rate);
}

/* -- how good it is -----------------------------------------------------------------------------
 */

struct ranked {
    double z;
    uint32_t sample;
};
static int by_z(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->z < y->z || x->z > y->z)
        return x->z < y->z ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* Of a converted lead and one that was not, how often the first has the higher chance. */
static double area(const struct fitting *f, const struct ranked *ranked) {
    double below = 0, won = 0, converted = 0;
    const uint64_t count = f->fit->count;
    for (uint64_t from = 0, to; from < count; from = to) {
        double with = 0, without = 0;
        for (to = from; to < count && !(ranked[to].z > ranked[from].z); to++)
            *(f->fit->ends[ranked[to].sample] ? &with : &without) += 1;
        won += with * (below + without / 2);
        below += without;
        converted += with;
    }
    return won / (converted * below);
}

static void part_up(const struct fitting *f, const struct ranked *ranked) {
    for (uint64_t part = 0; part < FIT_PARTS; part++) {
        struct fit_part *p = &f->fit->parts[part];
        const uint64_t from = part * f->fit->count / FIT_PARTS;
        const uint64_t to = (part + 1) * f->fit->count / FIT_PARTS;
        for (uint64_t i = from; i < to; i++) {
            const double one = chance(f->slope * ranked[i].z + f->offset);
            p->low = i == from ? one : p->low;
            p->high = one;
            p->expected += one / (double)(to - from);
            p->converted += f->fit->ends[ranked[i].sample];
            p->leads++;
        }
    }
}

static kith_status measure(struct fitting *f, kith_error *err) {
    struct ranked *ranked;
    KITH_TRY(KITH_MEMORY(f, f->txn, &ranked, f->fit->count, err));
    for (uint64_t i = 0; i < f->fit->count; i++)
        ranked[i] = (struct ranked){f->z[i], (uint32_t)i};
    qsort(ranked, (size_t)f->fit->count, sizeof *ranked, by_z);
    f->fit->auc = area(f, ranked);
    part_up(f, ranked);
    return KITH_OK;
}

/* -- all of it ----------------------------------------------------------------------------------
 */

static kith_status make_room(struct fitting *f, kith_error *err) {
    const struct fit *fit = f->fit;
    KITH_TRY(KITH_MEMORY(f, f->txn, &f->nodes, fit->count * (fit->attributes + 2), err));
    KITH_TRY(KITH_MEMORY(f, f->txn, &f->rows, fit->count, err));
    KITH_TRY(KITH_MEMORY(f, f->txn, &f->labels, fit->count, err));
    KITH_TRY(KITH_MEMORY(f, f->txn, &f->z, fit->count, err));
    KITH_TRY(KITH_MEMORY(f, f->txn, &f->w, fit->features + 1, err));
    return KITH_MEMORY(f, f->txn, &f->folds, fit->count, err);
}

kith_status fit_run(const kith_host *host, const kith_txn *txn, struct fit *fit, kith_error *err) {
    struct fitting f = {.host = host, .txn = txn, .fit = fit};
    set_print_string_function(quiet);
    KITH_TRY(make_room(&f, err));
    fill_nodes(&f);
    share_out(&f);
    KITH_TRY(judge_left_out(&f, err));
    calibrate(&f);
    KITH_TRY(measure(&f, err));
    KITH_TRY(train_without(&f, FOLDS, err));
    for (uint32_t i = 0; i < fit->features; i++)
        fit->weights[i + 1] = f.slope * f.w[i];
    fit->weights[0] = f.slope * BASE * f.w[fit->features] + f.offset;
    return KITH_OK;
}
