/** Replaces a file again and again, as another process does at the same time. `replaceFiles FILE TEXT TIMES` */
import { replaceFile } from '../../src/process/files/wholeFile.js';

const [file = '', text = '', times] = process.argv.slice(2);
for (let count = 0; count < Number(times); count += 1) replaceFile(file, text);
