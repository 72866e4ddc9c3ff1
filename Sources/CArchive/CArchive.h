#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

/// Gives the calling thread alone a locale whose encoding is UTF-8: libarchive converts pax names to the thread's encoding.
/// Source: uselocale(3).
static inline locale_t berth_use_utf8_locale(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale) uselocale(locale);
    return locale;
}

/// Undoes it.
static inline void berth_drop_locale(locale_t locale) {
    uselocale(LC_GLOBAL_LOCALE);
    if (locale) freelocale(locale);
}
