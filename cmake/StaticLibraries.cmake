# Abseil and Protobuf are linked statically where their archives are there: as 30 shared libraries they cost each start of a program
# 4 ms (docs/decisions/0052-start-of-a-program.md). What a distribution mends for security (OpenSSL, SQLite, zlib …) stays shared.

# FindProtobuf reads it, and takes nothing but archives then.
find_library(SKERRY_PROTOBUF_ARCHIVE libprotobuf.a)
mark_as_advanced(SKERRY_PROTOBUF_ARCHIVE)
if(SKERRY_PROTOBUF_ARCHIVE)
  set(Protobuf_USE_STATIC_LIBS ON)
endif()

# Abseil's package names shared libraries or archives, as the distribution built it; Debian ships both and names the former.
# Call it behind find_package.
function(skerry_prefer_static_abseil)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(NOT target MATCHES "^absl::" OR NOT type STREQUAL SHARED_LIBRARY)
      continue()
    endif()
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations)
      get_target_property(shared ${target} IMPORTED_LOCATION_${configuration})
      string(REGEX REPLACE "[.]so[.0-9]*$" ".a" archive ${shared})
      if(EXISTS ${archive})
        set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} ${archive})
      endif()
    endforeach()
  endforeach()
endfunction()
