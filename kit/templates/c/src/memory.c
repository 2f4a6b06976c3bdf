// Memory for one call: taken from the end of what there is, and never given back, since a fresh instance serves every
// call.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 65536, ALIGNMENT = 16 };

// The linker puts it behind everything that the program itself takes.
extern uint8_t __heap_base[];

static uintptr_t next = (uintptr_t)__heap_base;

void *malloc(size_t size) {
  uintptr_t start = (next + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
  uintptr_t end = start + size;
  uintptr_t there = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;
  if (end < start) abort();
  if (end > there && __builtin_wasm_memory_grow(0, (end - there + PAGE - 1) / PAGE) == SIZE_MAX) abort();
  next = end;
  return (void *)start;
}

void free(void *pointer) {
  (void)pointer;
}

// The host asks for the memory of arguments by this. What it gave may be static, so that only a copy can grow.
__attribute__((export_name("cabi_realloc")))
void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size) {
  if (size == 0) return (void *)alignment;
  if (size <= old_size) return old;
  void *new = malloc(size);
  memcpy(new, old, old_size);
  return new;
}

_Noreturn void abort(void) {
  __builtin_trap();
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}
