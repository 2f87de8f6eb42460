/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects as files: any bytes are looked into without stepping outside of them, and what is
 * wrong with them is one sentence. */
#include "fuzz/fuzz.h"
#include "plugin/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_error e = KITH_ERROR_INIT;
    struct binary b = {.bytes = malloc(size ? size : 1), .size = size};
    HOLDS(b.bytes, "no memory");
    if (size)
        memcpy(b.bytes, data, size);
    struct findings found = {0};
    checks_look(&b, &found);
    if (findings_verdict(&found, &e) != KITH_OK)
        HOLDS(*e.message && !strchr(e.message, '\n'), "no sentence");
    binary_free(&b);
    return 0;
}
