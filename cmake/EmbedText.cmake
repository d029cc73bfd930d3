# C++ string literals from files, at configure time.

# The file's text as adjacent raw string literals in `result`. A compiler takes literals of 64 KiB for granted; pieces of
# 8,000 bytes are far below.
function(skerry_text_literal result file)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "R\"skerry(${piece})skerry\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  set(${result} "${pieces}" PARENT_SCOPE)
endfunction()

# skerry_embed_text(TARGET NAMESPACE FUNCTION FILES...) makes `std::string_view NAMESPACE::FUNCTION()` give the files' text,
# one after the other.
function(skerry_embed_text target namespace function)
  set(literal "")
  foreach(file IN LISTS ARGN)
    skerry_text_literal(more ${file})
    string(APPEND literal "${more}")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"// Made from a file of the project by cmake/EmbedText.cmake.
#include <string_view>
namespace ${namespace} {
std::string_view ${function}();
std::string_view ${function}() { return @literal@; }
}
")
  target_sources(${target} PRIVATE ${output})
  set_source_files_properties(${output} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)  # its pieces are short, not their sum
endfunction()

# skerry_embed_texts(TARGET NAMESPACE FUNCTION FILES...) makes `std::span<const EmbeddedText> NAMESPACE::FUNCTION()` give them
# in this order, each by its name without its extension.
function(skerry_embed_texts target namespace function)
  set(rows "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME_WE)
    skerry_text_literal(literal ${file})
    string(APPEND rows "{\"${name}\", ${literal}},\n")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"// Made from files of the project by cmake/EmbedText.cmake.
#include <span>
#include \"skerry/base/embedded_text.h\"
namespace ${namespace} {
std::span<const EmbeddedText> ${function}();
std::span<const EmbeddedText> ${function}() {
  static constexpr EmbeddedText kTexts[] = {@rows@};
  return kTexts;
}
}
")
  target_sources(${target} PRIVATE ${output})
  set_source_files_properties(${output} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)  # its pieces are short, not their sum
endfunction()
