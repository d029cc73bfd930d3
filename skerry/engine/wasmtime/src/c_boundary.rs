// SPDX-License-Identifier: Apache-2.0
//! What C++ calls: see `skerry/engine/tune.cc` and `engine.cc`. The only unsafe code of this crate.

use crate::tune;
use wasmtime_c_api::wasmtime::{CodeBuilder, Engine};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};

/// Bytes that `skerry_tune` made and `skerry_tuned_free` takes back.
#[repr(C)]
pub struct Tuned {
    bytes: *mut u8,
    length: usize,
}

/// # Safety
/// `start` must be valid for reads of `length` bytes for as long as the result is used; it may be
/// anything if `length` is 0.
unsafe fn borrow<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// Answers whether `result` is the tuned module; otherwise it is the error's text.
///
/// # Safety
/// `module` and `profile` must be valid for reads of their lengths, `result` for a write. The
/// result must be given to `skerry_tuned_free` once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_tune(
    module: *const u8,
    module_length: usize,
    profile: *const u8,
    profile_length: usize,
    result: *mut Tuned,
) -> bool {
    // SAFETY: the caller's promises, passed on.
    let (module, profile) = unsafe {
        (
            borrow(module, module_length),
            borrow(profile, profile_length),
        )
    };
    let tuned = tune::tune(module, profile);
    let is_module = tuned.is_ok();
    let bytes = tuned
        .unwrap_or_else(|error| error.to_string().into_bytes())
        .into_boxed_slice();
    let length = bytes.len();
    // SAFETY: the caller's promise.
    unsafe {
        result.write(Tuned {
            bytes: Box::into_raw(bytes).cast(),
            length,
        })
    };
    is_module
}

/// # Safety
/// `tuned` must come from `skerry_tune` and must not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_tuned_free(tuned: Tuned) {
    let slice = std::ptr::slice_from_raw_parts_mut(tuned.bytes, tuned.length);
    // SAFETY: these are the two halves of the box that `skerry_tune` let go.
    drop(unsafe { Box::from_raw(slice) });
}

/// Compiles a module in binary form. `native` gets what `wasmtime_module_serialize` would give for
/// it; unlike `wasmtime_module_new` this makes no memory executable.
///
/// # Safety
/// `engine` must be valid, `module` be valid for reads of `module_length`, `native` for a write. It
/// is written only where no error is returned, and then is the caller's to delete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_precompile(
    engine: *const wasm_engine_t,
    module: *const u8,
    module_length: usize,
    native: *mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    // The engine is the one field of a `repr(C)` structure, and so lies at its address.
    const { assert!(size_of::<wasm_engine_t>() == size_of::<Engine>()) };
    // SAFETY: the caller's promises.
    let (engine, module) = unsafe { (&*engine.cast::<Engine>(), borrow(module, module_length)) };
    let mut builder = CodeBuilder::new(engine);
    let compiled = builder
        .wasm_binary(module, None)
        .and_then(|builder| builder.compile_module_serialized());
    match compiled {
        Ok(code) => {
            // SAFETY: the caller's promise.
            unsafe { native.write(code.into()) };
            None
        }
        Err(error) => Some(Box::new(error.into())),
    }
}
