/* SPDX-License-Identifier: MIT */
/* Character classes and case mapping, from tables generated out of the Unicode database.
 */
#ifndef AMB_VM_UTF8_H
#define AMB_VM_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t ambutf8_upper(uint32_t cp); /* simple one-to-one mapping */
uint32_t ambutf8_lower(uint32_t cp);
bool ambutf8_is_alpha(uint32_t cp);
bool ambutf8_is_space(uint32_t cp);

/* Code points in n bytes of valid UTF-8. */
size_t ambutf8_count(const char *s, size_t n);
/* The place `count` code points after s; there are at least that many before end. */
const char *ambutf8_skip(const char *s, const char *end, size_t count);
static inline unsigned ambutf8_width(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
#endif
