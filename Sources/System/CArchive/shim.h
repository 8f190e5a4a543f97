// libarchive(3): archives are written and read as streams, never held in memory.
#include <archive.h>
#include <archive_entry.h>
