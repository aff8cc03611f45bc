/*
 * `_dl_find_object` for programs linked with musl.
 *
 * The unwinder of a gcc that was built for glibc asks glibc's `_dl_find_object` which object holds an address and
 * where its unwind table is. musl has no such function; in a static program there is one object, and
 * `dl_iterate_phdr` knows it. The layout of the answer is glibc's (dlfcn.h, since 2.35).
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

struct found_object {
	unsigned long long flags;
	void *map_start, *map_end, *link_map, *eh_frame_header;
	/* glibc reserves seven more words: they are the caller's, and nobody reads them. */
};

struct question {
	uintptr_t address;
	struct found_object *answer;
};

static int look(struct dl_phdr_info *program, size_t size, void *data)
{
	struct question *question = data;
	struct found_object found = { 0 };

	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &program->dlpi_phdr[i];
		uintptr_t start = program->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;

		if (part->p_type == PT_GNU_EH_FRAME) {
			found.eh_frame_header = (void *)start;
		} else if (part->p_type == PT_LOAD && question->address >= start && question->address < end) {
			found.map_start = (void *)start;
			found.map_end = (void *)end;
		}
	}
	if (!found.map_end || !found.eh_frame_header)
		return 0;
	*question->answer = found;
	return 1;
}

int _dl_find_object(void *address, struct found_object *answer)
{
	struct question question = { (uintptr_t)address, answer };

	return dl_iterate_phdr(look, &question) == 1 ? 0 : -1;
}
