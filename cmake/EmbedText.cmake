# skerry_embed_text(TARGET FUNCTION FILE) makes `std::string_view skerry::runtime::FUNCTION()` give the file's text.
function(skerry_embed_text target function file)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  # A compiler takes string literals of 64 KiB for granted; pieces of 8,000 bytes are far below.
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "R\"skerry(${piece})skerry\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"// Made from ${file}.
#include <string_view>
namespace skerry::runtime {
std::string_view ${function}();
std::string_view ${function}() { return @pieces@; }
}
")
  target_sources(${target} PRIVATE ${output})
endfunction()
