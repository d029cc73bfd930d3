// SPDX-License-Identifier: Apache-2.0
//! The few pieces of the binary format that rewriting writes itself.

use wasmparser::ValType;

pub const NOP: u8 = 0x01;
pub const BLOCK: u8 = 0x02;
pub const IF: u8 = 0x04;
pub const ELSE: u8 = 0x05;
pub const END: u8 = 0x0b;
pub const BR: u8 = 0x0c;
pub const CALL: u8 = 0x10;
pub const LOCAL_GET: u8 = 0x20;
pub const LOCAL_SET: u8 = 0x21;
pub const LOCAL_TEE: u8 = 0x22;
pub const I32_CONST: u8 = 0x41;
pub const I32_EQ: u8 = 0x46;
pub const EMPTY_BLOCK: u8 = 0x40;

pub fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn signed(out: &mut Vec<u8>, mut value: i64) {
    while !(-0x40..0x40).contains(&value) {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8 & 0x7f);
}

/// An instruction with one index behind its opcode.
pub fn indexed(out: &mut Vec<u8>, opcode: u8, index: u32) {
    out.push(opcode);
    unsigned(out, index.into());
}

/// `i32.const` of these 32 bits.
pub fn i32_const(out: &mut Vec<u8>, bits: u32) {
    out.push(I32_CONST);
    signed(out, (bits as i32).into());
}

/// A length and then the bytes.
pub fn prefixed(out: &mut Vec<u8>, bytes: &[u8]) {
    unsigned(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub fn section(out: &mut Vec<u8>, id: u8, payload: &[u8]) {
    out.push(id);
    prefixed(out, payload);
}

/// How a type of numbers or vectors is written; references, which need more words, are None.
pub fn value_type(of: ValType) -> Option<u8> {
    match of {
        ValType::I32 => Some(0x7f),
        ValType::I64 => Some(0x7e),
        ValType::F32 => Some(0x7d),
        ValType::F64 => Some(0x7c),
        ValType::V128 => Some(0x7b),
        ValType::Ref(_) => None,
    }
}

/// The constant zero of a type that `value_type` knows: a local's value on entry to its function.
pub fn zero(of: ValType) -> &'static [u8] {
    match of {
        ValType::I32 => &[0x41, 0],
        ValType::I64 => &[0x42, 0],
        ValType::F32 => &[0x43, 0, 0, 0, 0],
        ValType::F64 => &[0x44, 0, 0, 0, 0, 0, 0, 0, 0],
        ValType::V128 => &[0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ValType::Ref(_) => &[0xd0, 0x70],
    }
}
