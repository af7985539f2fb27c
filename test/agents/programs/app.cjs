// A web app of one page: it answers with what APP_URL answers, is asked once by itself, and ends when its input does.
const http = require('node:http');

console.log(`own value: ${globalThis.shopOwn}`);
const server = http.createServer((_, response) => {
  http.get(process.env.APP_URL, (answer) => {
    answer.resume();
    response.writeHead(answer.statusCode).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (answer) => {
    answer.resume();
    console.log(`app answered: ${answer.statusCode}`);
  });
});
process.stdin.resume().on('end', () => server.close());
