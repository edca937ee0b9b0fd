// encode.mjs TOKENIZER.json STRINGS.json: what Hugging Face's tokenizers makes of a list of strings, without and with the
// specials around them, and what it decodes the former to.
import { readFileSync } from "node:fs";
import tokenizers from "tokenizers";

const [file, strings] = process.argv.slice(2);
const tokenizer = tokenizers.Tokenizer.fromFile(file);
const ids = async (text, addSpecialTokens) => (await tokenizer.encode(text, null, { addSpecialTokens })).getIds();
const rows = [];
for (const text of JSON.parse(readFileSync(strings, "utf8"))) {
  const plain = await ids(text, false);
  rows.push({ ids: plain, with_specials: await ids(text, true), text: await tokenizer.decode(plain, false) });
}
console.log(JSON.stringify(rows));
