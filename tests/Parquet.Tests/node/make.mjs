// Writes Parquet files as other writers make them, and the rows they hold as FOLDER/rows.jsonl.
//   node make.mjs FOLDER [ROWS]
import { readFileSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import { createRequire } from 'node:module';
import init, * as parquet from 'parquet-wasm/esm';

const [folder, count = 3000] = process.argv.slice(2);
const rows = Array.from({ length: Number(count) }, (_, i) => ({
  id: i,
  text: i % 11 === 0 ? null : `row ${i} “${'x'.repeat(i % 40)}”`,
  score: i % 7 === 0 ? null : i / 8 - 100,
  good: i % 5 === 0 ? null : i % 3 === 0,
  label: `label ${i % 4}`,
  messages: i % 13 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => ({ role: j % 2 ? 'assistant' : 'user', content: i % 17 === 0 && j === 0 ? null : `turn ${j} of ${i}` })),
}));
writeFileSync(`${folder}/rows.jsonl`, rows.map(row => JSON.stringify(row)).join('\n') + '\n');

const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(`create table t as select * from read_json('${folder}/rows.jsonl', columns = {id: 'BIGINT', text: 'VARCHAR', score: 'DOUBLE', good: 'BOOLEAN', label: 'VARCHAR', messages: 'STRUCT("role" VARCHAR, content VARCHAR)[]'}) order by id`);
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])
  for (const version of ['V1', 'V2'])
    await connection.run(`copy (select * from t order by id) to '${folder}/duckdb_${codec}_${version}.parquet' (format parquet, codec '${codec}', parquet_version ${version}, row_group_size 2048)`);

const wasm = createRequire(import.meta.url).resolve('parquet-wasm/esm/parquet_wasm_bg.wasm');
await init({ module_or_path: readFileSync(wasm) });
const message = new arrow.Struct([new arrow.Field('role', new arrow.Utf8(), true), new arrow.Field('content', new arrow.Utf8(), true)]);
const vectors = {
  id: arrow.vectorFromArray(rows.map(row => BigInt(row.id)), new arrow.Int64()),
  text: arrow.vectorFromArray(rows.map(row => row.text), new arrow.Utf8()),
  score: arrow.vectorFromArray(rows.map(row => row.score), new arrow.Float64()),
  good: arrow.vectorFromArray(rows.map(row => row.good), new arrow.Bool()),
  label: arrow.vectorFromArray(rows.map(row => row.label), new arrow.Utf8()),
  messages: arrow.vectorFromArray(rows.map(row => row.messages), new arrow.List(new arrow.Field('element', message, true))),
};
const stream = arrow.tableToIPC(new arrow.Table(vectors), 'stream');
const { Compression, Encoding, WriterVersion } = parquet;
const write = (name, change) => {
  const table = parquet.Table.fromIPCStream(stream);
  const properties = change(new parquet.WriterPropertiesBuilder().setMaxRowGroupSize(1000).setDataPageSizeLimit(4096)).build();
  writeFileSync(`${folder}/rust_${name}.parquet`, parquet.writeParquet(table, properties));
};
for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'])
  for (const [name, version] of [['v1', WriterVersion.V1], ['v2', WriterVersion.V2]])
    write(`${codec.toLowerCase()}_${name}`, properties => properties.setCompression(Compression[codec]).setWriterVersion(version));
write('delta_binary', properties => properties.setDictionaryEnabled(false).setColumnEncoding('id', Encoding.DELTA_BINARY_PACKED));
write('delta_length', properties => properties.setDictionaryEnabled(false).setColumnEncoding('text', Encoding.DELTA_LENGTH_BYTE_ARRAY));
write('delta_bytes', properties => properties.setDictionaryEnabled(false).setColumnEncoding('text', Encoding.DELTA_BYTE_ARRAY).setColumnEncoding('label', Encoding.DELTA_BYTE_ARRAY));
write('plain', properties => properties.setDictionaryEnabled(false));
