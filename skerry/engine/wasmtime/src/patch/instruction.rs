// SPDX-License-Identifier: Apache-2.0
//! Instructions that a patch may replace.

use wasmparser::Operator;

/// An instruction that a patch may replace.
pub enum Instruction {
    Constant(i32),
    LoadByte,
    Call(u32),
    I32OfF32 { signed: bool },
    I32OfF64 { signed: bool },
    I64OfF32 { signed: bool },
    I64OfF64 { signed: bool },
}

impl Instruction {
    /// One that makes an integer of a float, by its name.
    pub fn conversion(name: &str) -> Option<Instruction> {
        let (kind, sign) = name.rsplit_once('_')?;
        let signed = match sign {
            "s" => true,
            "u" => false,
            _ => return None,
        };
        match kind {
            "i32.trunc_sat_f32" => Some(Instruction::I32OfF32 { signed }),
            "i32.trunc_sat_f64" => Some(Instruction::I32OfF64 { signed }),
            "i64.trunc_sat_f32" => Some(Instruction::I64OfF32 { signed }),
            "i64.trunc_sat_f64" => Some(Instruction::I64OfF64 { signed }),
            _ => None,
        }
    }

    pub fn is(&self, operator: &Operator) -> bool {
        match (self, operator) {
            (Instruction::I32OfF32 { signed }, Operator::I32TruncSatF32S) => *signed,
            (Instruction::I32OfF32 { signed }, Operator::I32TruncSatF32U) => !*signed,
            (Instruction::I32OfF64 { signed }, Operator::I32TruncSatF64S) => *signed,
            (Instruction::I32OfF64 { signed }, Operator::I32TruncSatF64U) => !*signed,
            (Instruction::I64OfF32 { signed }, Operator::I64TruncSatF32S) => *signed,
            (Instruction::I64OfF32 { signed }, Operator::I64TruncSatF32U) => !*signed,
            (Instruction::I64OfF64 { signed }, Operator::I64TruncSatF64S) => *signed,
            (Instruction::I64OfF64 { signed }, Operator::I64TruncSatF64U) => !*signed,
            (Instruction::Constant(wanted), Operator::I32Const { value }) => wanted == value,
            (Instruction::LoadByte, Operator::I32Load8U { .. }) => true,
            (Instruction::Call(wanted), Operator::Call { function_index }) => {
                wanted == function_index
            }
            _ => false,
        }
    }
}
