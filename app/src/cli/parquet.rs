//! A table as a Parquet file: columns of numbers as doubles, of words as UTF-8, empty cells as nulls.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use weightscope_engine::record::{Cell, Table};

/// The file.
///
/// # Errors
/// If the format cannot hold the table: two columns of one name.
pub(super) fn bytes(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let is_words = |column: usize| {
        table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Text(words)) if !words.is_empty()))
    };
    let fields = table.columns.iter().enumerate().map(|(column, name)| {
        let (physical, logical) = if is_words(column) {
            (Physical::BYTE_ARRAY, Some(LogicalType::String))
        } else {
            (Physical::DOUBLE, None)
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let mut column = 0;
    while let Some(mut writer) = group.next_column()? {
        if is_words(column) {
            let cells = table.rows.iter().map(|row| match row.get(column) {
                Some(Cell::Text(words)) if !words.is_empty() => Some(words.clone()),
                Some(Cell::Number(value)) if !value.is_nan() => Some(value.to_string()),
                _ => None,
            });
            let cells: Vec<Option<String>> = cells.collect();
            let values: Vec<ByteArray> =
                cells.iter().flatten().map(|words| ByteArray::from(words.as_str())).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&present(&cells)), None)?;
        } else {
            let cells = table.rows.iter().map(|row| match row.get(column) {
                Some(Cell::Number(value)) if !value.is_nan() => Some(*value),
                _ => None,
            });
            let cells: Vec<Option<f64>> = cells.collect();
            let values: Vec<f64> = cells.iter().flatten().copied().collect();
            writer.typed::<DoubleType>().write_batch(&values, Some(&present(&cells)), None)?;
        }
        writer.close()?;
        column += 1;
    }
    group.close()?;
    file.into_inner()
}

/// 1 for each cell that holds something.
fn present<T>(cells: &[Option<T>]) -> Vec<i16> {
    cells.iter().map(|cell| i16::from(cell.is_some())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    #[test]
    fn cells_come_back_from_the_file() {
        let columns = ["name", "value", "empty"].map(str::to_owned).to_vec();
        let row = |name: &str, value: f64| {
            vec![Cell::Text(name.to_owned()), Cell::Number(value), Cell::Text(String::new())]
        };
        let table = Table { columns, rows: vec![row("a", 0.1), row("ü", f64::NAN)] };
        let file = SerializedFileReader::new(bytes::Bytes::from(super::bytes(&table).unwrap())).unwrap();
        let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let cells =
            |row: usize| rows[row].get_column_iter().map(|(_, field)| field.clone()).collect::<Vec<_>>();
        assert_eq!(cells(0), [Field::Str("a".to_owned()), Field::Double(0.1), Field::Null]);
        assert_eq!(cells(1), [Field::Str("ü".to_owned()), Field::Null, Field::Null]);
    }
}
