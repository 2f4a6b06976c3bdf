// The part of the standard library that the generated bindings use. Copying is an instruction; memory.c has the rest.
#pragma once

#include <stddef.h>

#define memcpy __builtin_memcpy

size_t strlen(const char *text);
