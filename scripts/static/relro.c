/*
 * Makes the relocated read-only data of this program read-only.
 *
 * A dynamic linker does this for ordinary programs. A static position independent program relocates itself, and
 * musl leaves the pages writable then: function pointers in them stay a target. Linked by scripts/build-static.sh.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int seal(struct dl_phdr_info *program, size_t size, void *page_size)
{
	uintptr_t mask = ~(*(uintptr_t *)page_size - 1);

	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &program->dlpi_phdr[i];

		if (part->p_type != PT_GNU_RELRO)
			continue;
		/* The end is rounded down: what shares its last page with writable data has to stay writable. */
		uintptr_t from = (program->dlpi_addr + part->p_vaddr) & mask;
		uintptr_t to = (program->dlpi_addr + part->p_vaddr + part->p_memsz) & mask;

		if (to > from && mprotect((void *)from, to - from, PROT_READ) != 0)
			_exit(127);
	}
	return 1;
}

__attribute__((constructor)) static void seal_relocated_data(void)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);

	dl_iterate_phdr(seal, &page_size);
}
