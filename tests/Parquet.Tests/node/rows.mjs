// Prints the rows of a Parquet file as JSON, one row a line, as a reader other than ours sees them.
//   node rows.mjs duckdb|hyparquet FILE
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const readers = {
  async duckdb(file) {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = await connection.runAndReadAll('select to_json(t) as row from read_parquet($1) t', [file]);
    return rows.getRows().map(([row]) => JSON.parse(row));
  },
  async hyparquet(file) {
    return parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
  },
};

const [reader, file] = process.argv.slice(2);
const plain = (_, value) => typeof value === 'bigint' ? Number(value) : value === undefined ? null : value;
for (const row of await readers[reader](file)) console.log(JSON.stringify(row, plain));
