// The part of the standard library that the generated bindings use; memory.c has it.
#pragma once

#include <stddef.h>

void *malloc(size_t size);
void *realloc(void *pointer, size_t size);
void free(void *pointer);
_Noreturn void abort(void);
