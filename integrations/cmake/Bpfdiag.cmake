# Verifies what the build compiles for BPF:
#
#   list(APPEND CMAKE_MODULE_PATH ${CMAKE_SOURCE_DIR}/cmake)
#   include(Bpfdiag)
#
# Targets that CMake compiles (add_library(... OBJECT), say) are verified from there
# on. For add_custom_command, write ${BPFDIAG_CC} in front of clang.
#
# Without bpfdiag on this machine the build is as it was, and ${BPFDIAG_CC} is empty.
find_program(BPFDIAG_EXECUTABLE bpfdiag)
set(BPFDIAG_CC)
if(BPFDIAG_EXECUTABLE)
  set(BPFDIAG_CC ${BPFDIAG_EXECUTABLE} cc --)
  list(APPEND CMAKE_C_COMPILER_LAUNCHER ${BPFDIAG_CC})
endif()
