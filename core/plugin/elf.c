/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects as the dynamic linker sees them: segments, dynamic section, symbols. The bytes may
 * be anything: every offset is checked before it is followed, and structs are copied out, since
 * nothing need be aligned. Knows nothing of plugins. The format: System V ABI, chapters 4 and 5,
 * and for DT_GNU_HASH the GNU linker's. */
#include "plugin/internal.h"
#include <elf.h>

#if defined(__x86_64__)
#define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE EM_AARCH64
#elif defined(__riscv)
#define THIS_MACHINE EM_RISCV
#endif

static bool inside(const struct elf *elf, uint64_t from, uint64_t count, uint64_t each) {
    return from <= elf->size && count <= (elf->size - from) / each;
}

static Elf64_Phdr segment_at(const struct elf *elf, size_t i) {
    Elf64_Phdr p;
    memcpy(&p, elf->bytes + elf->segments + i * sizeof p, sizeof p);
    return p;
}

static uint32_t word_at(const struct elf *elf, size_t at) {
    uint32_t word;
    memcpy(&word, elf->bytes + at, sizeof word);
    return word;
}

/* Where in the file an address is, with `count` times `each` bytes behind it. */
static bool place_of(const struct elf *elf, uint64_t address, uint64_t count, uint64_t each,
                     size_t *place) {
    for (size_t i = 0; i < elf->segment_count; i++) {
        Elf64_Phdr p = segment_at(elf, i);
        if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr >= p.p_filesz)
            continue;
        if (count > (p.p_filesz - (address - p.p_vaddr)) / each)
            return false;
        *place = (size_t)(p.p_offset + (address - p.p_vaddr));
        return true;
    }
    return false;
}

bool elf_dynamic(const struct elf *elf, int64_t tag, uint64_t *value) {
    for (size_t i = 0; i < elf->dynamic_count; i++) {
        Elf64_Dyn d;
        memcpy(&d, elf->bytes + elf->dynamic + i * sizeof d, sizeof d);
        if (d.d_tag == DT_NULL)
            return false;
        if (d.d_tag != tag)
            continue;
        if (value)
            *value = d.d_un.d_val;
        return true;
    }
    return false;
}

bool elf_segment(const struct elf *elf, uint32_t type, uint32_t *flags) {
    for (size_t i = 0; i < elf->segment_count; i++) {
        Elf64_Phdr p = segment_at(elf, i);
        if (p.p_type == type) {
            *flags = p.p_flags;
            return true;
        }
    }
    return false;
}

struct elf_symbol elf_symbol(const struct elf *elf, size_t i) {
    Elf64_Sym s;
    memcpy(&s, elf->bytes + elf->symbols + i * sizeof s, sizeof s);
    const char *names = (const char *)elf->bytes + elf->names;
    return (struct elf_symbol){
        .name = s.st_name < elf->names_size ? names + s.st_name : "",
        .bind = ELF64_ST_BIND(s.st_info),
        .visibility = ELF64_ST_VISIBILITY(s.st_other),
        .defined = s.st_shndx != SHN_UNDEF,
    };
}

/* -- how many symbols there are ---------------------------------------------------------------- */

/* DT_HASH: the number of chains is that of symbols. */
static bool count_by_hash(const struct elf *elf, size_t *count) {
    uint64_t address;
    size_t at;
    if (!elf_dynamic(elf, DT_HASH, &address) || !place_of(elf, address, 2, 4, &at))
        return false;
    *count = word_at(elf, at + 4);
    return true;
}

/* DT_GNU_HASH: buckets, each the first symbol of a chain; the last of a chain has its lowest bit
 * set. The symbols of the last chain are the last ones. */
static bool count_by_gnu_hash(const struct elf *elf, size_t *count) {
    uint64_t address;
    size_t head, buckets, chain;
    if (!elf_dynamic(elf, DT_GNU_HASH, &address) || !place_of(elf, address, 4, 4, &head))
        return false;
    uint32_t bucket_count = word_at(elf, head), first = word_at(elf, head + 4);
    uint64_t at = address + 16 + (uint64_t)word_at(elf, head + 8) * 8;
    if (!place_of(elf, at, bucket_count, 4, &buckets))
        return false;
    uint32_t last = 0;
    for (size_t i = 0; i < bucket_count; i++) {
        uint32_t bucket = word_at(elf, buckets + i * 4);
        last = bucket > last ? bucket : last;
    }
    at += (uint64_t)bucket_count * 4;
    *count = first;
    for (bool more = last >= first; more; last++) {
        if (!place_of(elf, at + (last - first) * UINT64_C(4), 1, 4, &chain))
            return false;
        more = !(word_at(elf, chain) & 1);
        *count = (size_t)last + 1;
    }
    return true;
}

/* -- opening ----------------------------------------------------------------------------------- */

static kith_status damaged(const char *what, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL, "it is damaged or not whole: %s", what);
}

static kith_status read_head(struct elf *elf, kith_error *e) {
    Elf64_Ehdr h;
    if (elf->size < sizeof h || memcmp(elf->bytes, ELFMAG, SELFMAG) != 0)
        return err_set(e, KITH_E_INVAL, NULL, "it is no shared object");
    memcpy(&h, elf->bytes, sizeof h);
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB ||
        h.e_machine != THIS_MACHINE)
        return err_set(e, KITH_E_INVAL, NULL,
                       "it is no shared object for this machine (%s, machine number %u): build it "
                       "here",
                       h.e_ident[EI_CLASS] == ELFCLASS64 ? "64 bits" : "not 64 bits", h.e_machine);
    if (h.e_type != ET_DYN)
        return err_set(e, KITH_E_INVAL, NULL, "it is no shared object: link it with -shared");
    if (h.e_phentsize != sizeof(Elf64_Phdr) || !h.e_phnum ||
        !inside(elf, h.e_phoff, h.e_phnum, sizeof(Elf64_Phdr)))
        return damaged("its segments are not in it", e);
    if (h.e_shnum && !inside(elf, h.e_shoff, h.e_shnum, sizeof(Elf64_Shdr)))
        return damaged("its sections are not in it", e);
    elf->segments = (size_t)h.e_phoff;
    elf->segment_count = h.e_phnum;
    return KITH_OK;
}

static kith_status read_segments(struct elf *elf, kith_error *e) {
    for (size_t i = 0; i < elf->segment_count; i++) {
        Elf64_Phdr p = segment_at(elf, i);
        if ((p.p_type == PT_LOAD || p.p_type == PT_DYNAMIC) &&
            (!inside(elf, p.p_offset, p.p_filesz, 1) || p.p_filesz > p.p_memsz))
            return damaged("a segment reaches beyond its end", e);
        if (p.p_type != PT_DYNAMIC)
            continue;
        elf->dynamic = (size_t)p.p_offset;
        elf->dynamic_count = (size_t)(p.p_filesz / sizeof(Elf64_Dyn));
    }
    return elf->dynamic_count ? KITH_OK : damaged("it has no dynamic section", e);
}

static kith_status read_symbols(struct elf *elf, kith_error *e) {
    uint64_t symbols, names, size;
    if (!elf_dynamic(elf, DT_STRTAB, &names) || !elf_dynamic(elf, DT_STRSZ, &size) || !size ||
        !place_of(elf, names, size, 1, &elf->names) || elf->bytes[elf->names + size - 1] != '\0')
        return damaged("its table of names is not in it", e);
    elf->names_size = (size_t)size;
    if (!count_by_hash(elf, &elf->symbol_count) && !count_by_gnu_hash(elf, &elf->symbol_count))
        return damaged("its symbols cannot be counted", e);
    if (!elf_dynamic(elf, DT_SYMTAB, &symbols) ||
        !place_of(elf, symbols, elf->symbol_count, sizeof(Elf64_Sym), &elf->symbols))
        return damaged("its table of symbols is not in it", e);
    return KITH_OK;
}

kith_status elf_open(const unsigned char *bytes, size_t size, struct elf *out, kith_error *e) {
    *out = (struct elf){.bytes = bytes, .size = size};
    TRY(read_head(out, e));
    TRY(read_segments(out, e));
    return read_symbols(out, e);
}
