// SPDX-License-Identifier: Apache-2.0
//! What C++ calls: see `skerry/engine/tune.cc` and `engine.cc`, and `skerry/wasm/boundary.h`. The
//! only unsafe code of this crate.

use crate::stranger::module::{Limits, Module};
use crate::stranger::{Refusal, command, hollow};
use crate::{join, patch, tune};
use wasmtime_c_api::wasmtime::{CodeBuilder, Engine};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};

/// What Rust made and the function that is named for it takes back.
#[repr(C)]
pub struct Array<T> {
    start: *mut T,
    length: usize,
}

impl<T> Array<T> {
    fn new(items: Vec<T>) -> Array<T> {
        let items = items.into_boxed_slice();
        let length = items.len();
        let start = Box::into_raw(items).cast();
        Array { start, length }
    }

    /// # Safety
    /// `self` must come from `new`.
    unsafe fn free(self) {
        let slice = std::ptr::slice_from_raw_parts_mut(self.start, self.length);
        // SAFETY: these are the two halves of the box that `new` let go.
        drop(unsafe { Box::from_raw(slice) });
    }
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
/// result must be given to `skerry_bytes_free` once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_tune(
    module: *const u8,
    module_length: usize,
    profile: *const u8,
    profile_length: usize,
    result: *mut Array<u8>,
) -> bool {
    // SAFETY: the caller's promises, passed on.
    let (module, profile) = unsafe {
        (
            borrow(module, module_length),
            borrow(profile, profile_length),
        )
    };
    // SAFETY: the caller's promise.
    unsafe { write_module(tune::tune(module, profile), result) }
}

/// Answers whether `result` is the patched module; otherwise it is the error's text.
///
/// # Safety
/// As `skerry_tune`, with `text` in the profile's place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_patch(
    module: *const u8,
    module_length: usize,
    text: *const u8,
    text_length: usize,
    result: *mut Array<u8>,
) -> bool {
    // SAFETY: the caller's promises, passed on.
    let (module, text) = unsafe { (borrow(module, module_length), borrow(text, text_length)) };
    // SAFETY: the caller's promise.
    unsafe { write_module(patch::patch(module, text), result) }
}

/// # Safety
/// `result` must be valid for a write.
unsafe fn write_module(made: tune::Result<Vec<u8>>, result: *mut Array<u8>) -> bool {
    let is_module = made.is_ok();
    let bytes = made.unwrap_or_else(|error| error.to_string().into_bytes());
    // SAFETY: the caller's promise.
    unsafe { result.write(Array::new(bytes)) };
    is_module
}

/// # Safety
/// `bytes` must come from `skerry_tune`, `skerry_patch` or `skerry_check_command` and must not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_bytes_free(bytes: Array<u8>) {
    // SAFETY: the caller's promise.
    unsafe { bytes.free() };
}

/// Answers the status's code; `text` gets its message, empty where the module is a command.
///
/// # Safety
/// `module` and `offered` must be valid for reads of their lengths, `limits` for a read, `text` for
/// a write. The text must be given to `skerry_bytes_free` once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_check_command(
    module: *const u8,
    module_length: usize,
    limits: *const Limits,
    offered: *const u8,
    offered_length: usize,
    text: *mut Array<u8>,
) -> u32 {
    // SAFETY: the caller's promises, passed on.
    let (module, limits, offered) = unsafe {
        (
            borrow(module, module_length),
            &*limits,
            borrow(offered, offered_length),
        )
    };
    let offered = String::from_utf8_lossy(offered);
    let checked = Module::read(module, limits).and_then(|it| command::check(&it, &offered));
    let (code, message) = match checked {
        Ok(()) => (0, String::new()),
        Err(Refusal { code, text }) => (code as u32, text),
    };
    // SAFETY: the caller's promise.
    unsafe { text.write(Array::new(message.into_bytes())) };
    code
}

/// Bytes of a fresh memory; `start` lies in the module that was hollowed.
#[repr(C)]
pub struct Segment {
    offset: u64,
    start: *const u8,
    length: usize,
}

#[repr(C)]
pub struct Hollowed {
    /// The module; where there is none, why.
    bytes: Array<u8>,
    segments: Array<Segment>,
    mutable_globals: Array<u32>,
}

/// Answers the status's code. Refuses what `hollow::check_state` refuses, too.
///
/// # Safety
/// `module` must be valid for reads of its length, `limits` for a read, `result` for a write. The
/// result must be given to `skerry_hollowed_free` once; its segments lie in `module`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_hollow(
    module: *const u8,
    module_length: usize,
    limits: *const Limits,
    result: *mut Hollowed,
) -> u32 {
    // SAFETY: the caller's promises, passed on.
    let (module, limits) = unsafe { (borrow(module, module_length), &*limits) };
    let hollowed = Module::read(module, limits).and_then(|module| {
        hollow::check_state(&module)?;
        hollow::hollow(&module)
    });
    let (code, hollow) = match hollowed {
        Ok(hollow) => (0, hollow),
        Err(Refusal { code, text }) => {
            let bytes = text.into_bytes();
            let nothing = hollow::Hollow {
                bytes,
                segments: Vec::new(),
                mutable_globals: Vec::new(),
            };
            (code as u32, nothing)
        }
    };
    let segment = |(offset, bytes): (u32, &[u8])| Segment {
        offset: offset.into(),
        start: bytes.as_ptr(),
        length: bytes.len(),
    };
    // SAFETY: the caller's promise.
    unsafe {
        result.write(Hollowed {
            bytes: Array::new(hollow.bytes),
            segments: Array::new(hollow.segments.into_iter().map(segment).collect()),
            mutable_globals: Array::new(hollow.mutable_globals),
        })
    };
    code
}

/// # Safety
/// `hollowed` must come from `skerry_hollow` and must not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skerry_hollowed_free(hollowed: Hollowed) {
    // SAFETY: the caller's promise.
    unsafe {
        hollowed.bytes.free();
        hollowed.segments.free();
        hollowed.mutable_globals.free();
    }
}

/// Compiles a module in binary form. `native` gets what `wasmtime_module_serialize` would give for
/// it; unlike `wasmtime_module_new` this makes no memory executable. Data segments are joined.
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
    let module = join::join(module);
    let mut builder = CodeBuilder::new(engine);
    let compiled = builder
        .wasm_binary(&*module, None)
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
