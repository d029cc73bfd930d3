// SPDX-License-Identifier: Apache-2.0
//! Modules that nobody has read before: read with `wasmparser`, held against limits, checked for
//! what a command or an image needs, and hollowed.
//!
//! Form, indices and constant expressions are `wasmparser`'s to check, as the engine will once
//! more; the bodies of functions are walked, their types left to the engine. What is ours: the
//! limits, what is not supported, and the texts of both.
//!
//! Nothing here panics: modules are data, and what is wrong with them is a `Refusal`.
#![forbid(unsafe_code)]

pub mod command;
pub mod features;
pub mod hollow;
pub mod module;

/// As `skerry::StatusCode` numbers them.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Code {
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
}

/// Why a module is refused, in a text for whoever brought it.
#[derive(Debug)]
pub struct Refusal {
    pub code: Code,
    pub text: String,
}

pub type Result<T> = std::result::Result<T, Refusal>;

pub fn invalid<T>(text: String) -> Result<T> {
    let code = Code::InvalidArgument;
    Err(Refusal { code, text })
}

pub fn unimplemented<T>(text: String) -> Result<T> {
    let code = Code::Unimplemented;
    Err(Refusal { code, text })
}

pub fn exhausted<T>(text: String) -> Result<T> {
    let code = Code::ResourceExhausted;
    Err(Refusal { code, text })
}

/// A parser's text may quote a name, and that may be as long as the module and hold anything.
pub fn malformed(place: &str, error: &wasmparser::BinaryReaderError) -> Refusal {
    let message = printable(error.message());
    let text = format!(
        "malformed WASM module: {place}{message} at offset {}",
        error.offset()
    );
    let code = Code::InvalidArgument;
    Refusal { code, text }
}

impl From<wasmparser::BinaryReaderError> for Refusal {
    fn from(error: wasmparser::BinaryReaderError) -> Refusal {
        malformed("", &error)
    }
}

/// At most 200 bytes of `text`, control characters escaped: fit for a message or a log.
fn printable(text: &str) -> String {
    let mut out = String::new();
    for each in text.chars() {
        if out.len() >= 200 {
            return out + "...";
        }
        match each {
            '\0'..='\x1f' | '\x7f' => out += &format!("\\x{:02x}", u32::from(each)),
            _ => out.push(each),
        }
    }
    out
}

/// `text` in double quotes, `printable`.
pub fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", printable(&escaped))
}
