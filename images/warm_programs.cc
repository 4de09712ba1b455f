#include "images/warm_programs.h"

#if defined(ASSAY_WARM_LIBRARY)

// The linker's symbols of the files' bytes; .incbin keeps them out of the compiler.
asm(".section .rodata\n"
    ".balign 16\n"
    "assay_warm_library_begin: .incbin \"" ASSAY_WARM_LIBRARY
    "\"\n"
    "assay_warm_library_end:\n"
    ".balign 16\n"
    "assay_warm_restorer_begin: .incbin \"" ASSAY_WARM_RESTORER
    "\"\n"
    "assay_warm_restorer_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
extern const char assay_warm_library_begin[], assay_warm_library_end[];
extern const char assay_warm_restorer_begin[], assay_warm_restorer_end[];
}

namespace assay::images {

std::string_view warm_library() { return {assay_warm_library_begin, assay_warm_library_end}; }
std::string_view warm_restorer() { return {assay_warm_restorer_begin, assay_warm_restorer_end}; }

}  // namespace assay::images

#else

namespace assay::images {

std::string_view warm_library() { return {}; }
std::string_view warm_restorer() { return {}; }

}  // namespace assay::images

#endif
