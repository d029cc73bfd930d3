# Builds Wasmtime's C API with cargo as one static archive and offers it as skerry::wasmtime. The crate and its lock file
# are in skerry/engine/wasmtime; the headers are those of the very crate that cargo fetched.
find_program(CARGO cargo REQUIRED)
set(crate ${CMAKE_SOURCE_DIR}/skerry/engine/wasmtime)
set(manifest ${crate}/Cargo.toml)

execute_process(COMMAND ${CARGO} --version OUTPUT_VARIABLE cargo_version)
string(REGEX MATCH "[0-9]+\\.[0-9]+" cargo_version "${cargo_version}")
if(cargo_version VERSION_LESS 1.95)
  message(FATAL_ERROR "Wasmtime 48 needs Rust 1.95 or newer, this is ${cargo_version}: run `rustup update stable`")
endif()

execute_process(COMMAND ${CARGO} metadata --locked --format-version 1 --manifest-path ${manifest}
  OUTPUT_VARIABLE metadata RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cargo metadata failed: are the crates reachable?")
endif()
string(REGEX MATCH "\"manifest_path\":\"([^\"]*/wasmtime-c-api-impl-([0-9.]+))/Cargo.toml\"" _ "${metadata}")
set(headers ${CMAKE_MATCH_1}/include)
get_filename_component(crates ${CMAKE_MATCH_1} DIRECTORY)
set(version ${CMAKE_MATCH_2})
if(NOT EXISTS ${headers}/wasmtime.h)
  message(FATAL_ERROR "the headers of wasmtime-c-api-impl were not found in cargo's metadata")
endif()

# conf.h is made from conf.h.in by naming the features that Cargo.toml asks for.
foreach(feature CRANELIFT PARALLEL_COMPILATION WAT GC GC_DRC ASYNC)
  set(WASMTIME_FEATURE_${feature} ON)
endforeach()
set(generated ${CMAKE_BINARY_DIR}/wasmtime)
configure_file(${headers}/wasmtime/conf.h.in ${generated}/include/wasmtime/conf.h)

file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${crate}/src/*.rs)

# One archive serves every preset: the sanitizers do not reach into it.
set(target_dir ${CMAKE_SOURCE_DIR}/build/wasmtime)
set(archive ${target_dir}/release/libskerry_wasmtime.a)
# Messages of a panic name the source. Without the machine's own directories the program tells nobody where it was built.
set(remapped "--remap-path-prefix=${crates}=crates --remap-path-prefix=${target_dir}=wasmtime --remap-path-prefix=${CMAKE_SOURCE_DIR}=.")
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_COMMAND} -E env "RUSTFLAGS=$ENV{RUSTFLAGS} ${remapped}" ${CARGO} build --release --locked --manifest-path ${manifest} --target-dir ${target_dir}
  DEPENDS ${manifest} ${crate}/Cargo.lock ${sources}
  COMMENT "Building Wasmtime ${version} (about four minutes, once)" USES_TERMINAL VERBATIM)
add_custom_target(wasmtime_archive DEPENDS ${archive})

add_library(skerry_wasmtime INTERFACE)
add_library(skerry::wasmtime ALIAS skerry_wasmtime)
add_dependencies(skerry_wasmtime wasmtime_archive)
target_include_directories(skerry_wasmtime SYSTEM INTERFACE ${generated}/include ${headers})
target_compile_definitions(skerry_wasmtime INTERFACE WASM_API_EXTERN= WASI_API_EXTERN= WASMTIME_VERSION="${version}")
target_link_libraries(skerry_wasmtime INTERFACE ${archive} Threads::Threads ${CMAKE_DL_LIBS} m)
