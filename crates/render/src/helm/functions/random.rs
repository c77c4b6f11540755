//! Random values, taken from what was drawn for the release; refused where nothing was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::arguments::{int, text};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{TEXT_BYTES_MAX, Value, Writer, too_long};

use Takes::{Int, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("randAlphaNum", &[Int], |context, a| characters(context, a, |byte| byte.is_ascii_alphanumeric())),
    Function::new("randAlpha", &[Int], |context, a| characters(context, a, |byte| byte.is_ascii_alphabetic())),
    Function::new("randNumeric", &[Int], |context, a| characters(context, a, |byte| byte.is_ascii_digit())),
    Function::new("randAscii", &[Int], |context, a| characters(context, a, |byte| (b' '..=b'~').contains(&byte))),
    Function::new("randBytes", &[Int], bytes),
    Function::new("randInt", &[Int, Int], number),
    Function::new("uuidv4", &[], |context, _| uuid(context)),
    Function::new("shuffle", &[Text], shuffle),
];

/// Asks for something to be drawn even if nothing is needed, so that a refusal does not depend on a length.
fn size(context: &mut Context, a: &[Value]) -> Answer<usize> {
    context.random(&mut [])?;
    let size = int(a, 0)?;
    let size = usize::try_from(size).map_err(|_| Fault::Failed(format!("a length of {size} is negative")))?;
    if size > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    context.charge(size)?;
    Ok(size)
}

fn characters(context: &mut Context, a: &[Value], belongs: fn(u8) -> bool) -> Answer<Value> {
    let size = size(context, a)?;
    let mut text = String::with_capacity(size);
    let mut buffer = [0; 256];
    while text.len() < size {
        context.random(&mut buffer)?;
        // Bytes that do not belong are thrown away, so that each character is as likely as the others.
        text.extend(buffer.iter().map(|byte| byte & 0x7f).filter(|byte| belongs(*byte)).map(char::from));
    }
    text.truncate(size);
    Ok(text.into())
}

fn bytes(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut buffer = vec![0; size(context, a)?];
    context.random(&mut buffer)?;
    Ok(STANDARD.encode(buffer).into())
}

fn number(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let (low, high) = (int(a, 0)?, int(a, 1)?);
    let span = u64::try_from(high.wrapping_sub(low)).ok().filter(|span| *span > 0);
    let Some(span) = span else {
        return Err(Fault::failed("invalid argument to Intn"));
    };
    let drawn = context.random_below(span)?;
    Ok(Value::int(low.wrapping_add_unsigned(drawn)))
}

fn uuid(context: &mut Context) -> Answer<Value> {
    let mut bytes = [0; 16];
    context.random(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = Writer::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        out.show(format_args!("{}{byte:02x}", if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" }))?;
    }
    Ok(out.finish().into())
}

fn shuffle(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut chars: Vec<char> = text(a, 0)?.text().chars().collect();
    context.charge(chars.len())?;
    context.random(&mut [])?;
    for at in (1..chars.len()).rev() {
        let other = context.random_below(at as u64 + 1)?;
        chars.swap(at, usize::try_from(other).unwrap_or(0));
    }
    Ok(chars.into_iter().collect::<String>().into())
}
