/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that came in, kept in memory: whom one stands for costs a look into the database once, and
 * again when rights, users or tokens have changed since (access_generation). A table of slots: of
 * two tokens that fall into the same one the later is kept. */
#include "engine/engine_internal.h"
#include "engine/sign_in_internal.h"

#include <stdlib.h>
#include <string.h>

struct known_token {
    char digest[SECRET_DIGEST];
    uint64_t generation;
    struct token token; /* its texts are in: */
    struct arena arena;
};

static struct known_token **slot_of(struct engine *g, const char *digest) {
    uint64_t h = 0;
    for (int i = 0; i < 8; i++) /* of the digest, as text */
        h = h * 31 + (unsigned char)digest[i];
    return &g->known_tokens[h % KNOWN_TOKENS];
}

static bool copy_text(struct arena *a, const char *from, const char **out) {
    *out = from ? arena_strdup(a, from) : NULL;
    return *out || !from;
}

static bool copy(struct arena *a, const struct token *from, struct token *to) {
    *to = *from;
    return copy_text(a, from->name, &to->name) &&
           copy_text(a, from->of.limit.types, &to->of.limit.types) &&
           copy_text(a, from->of.limit.actions, &to->of.limit.actions);
}

static void let_go(struct known_token **slot) {
    if (!*slot)
        return;
    arena_free(&(*slot)->arena);
    free(*slot);
    *slot = NULL;
}

bool known_token(struct engine *g, const char *digest, uint64_t generation, struct arena *a,
                 struct token *out) {
    bool found = false;
    pthread_mutex_lock(&g->known_lock);
    struct known_token *k = *slot_of(g, digest);
    if (k && k->generation == generation && strcmp(k->digest, digest) == 0)
        found = copy(a, &k->token, out);
    pthread_mutex_unlock(&g->known_lock);
    return found;
}

void known_token_keep(struct engine *g, const char *digest, uint64_t generation,
                      const struct token *t) {
    struct known_token *k = calloc(1, sizeof *k);
    if (!k)
        return;
    memcpy(k->digest, digest, sizeof k->digest);
    k->generation = generation;
    if (!copy(&k->arena, t, &k->token)) {
        let_go(&k);
        return;
    }
    pthread_mutex_lock(&g->known_lock);
    struct known_token **slot = slot_of(g, digest);
    let_go(slot);
    *slot = k;
    pthread_mutex_unlock(&g->known_lock);
}

bool known_token_used(struct engine *g, const char *digest, int64_t before, int64_t now) {
    bool first = true;
    pthread_mutex_lock(&g->known_lock);
    struct known_token *k = *slot_of(g, digest);
    if (k && strcmp(k->digest, digest) == 0) {
        first = k->token.used == before;
        k->token.used = now;
    }
    pthread_mutex_unlock(&g->known_lock);
    return first;
}

void known_token_forget(struct engine *g, const char *digest) {
    pthread_mutex_lock(&g->known_lock);
    struct known_token **slot = slot_of(g, digest);
    if (*slot && strcmp((*slot)->digest, digest) == 0)
        let_go(slot);
    pthread_mutex_unlock(&g->known_lock);
}

void known_tokens_close(struct engine *g) {
    for (size_t i = 0; i < KNOWN_TOKENS; i++)
        let_go(&g->known_tokens[i]);
}
