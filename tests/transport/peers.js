// The routes of peers.py, by Node: `node peers.js PORT`.
const http = require('http');
const zlib = require('zlib');

const text = Buffer.from('hello, '.repeat(400));

function bytes(size) {
  const made = Buffer.alloc(size);
  for (let at = 0; at < size; at++) made[at] = at % 251;
  return made;
}

function crc32(data) {
  let rest = ~0;
  for (const byte of data) {
    let value = (rest ^ byte) & 255;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    rest = (rest >>> 8) ^ value;
  }
  return ~rest >>> 0;
}

function answer(request, response, body) {
  const [, path, argument] = /^\/([^\/?]*)\/?([^?]*)/.exec(request.url);
  const whole = (content, fields = {}) => {
    response.writeHead(200, { ...fields, 'Content-Length': content.length });
    response.end(content);
  };
  const routes = {
    bytes: () => whole(bytes(+argument)),
    stream: () => {
      const content = bytes(+argument);
      const step = Math.floor(content.length / 7) + 1;
      for (let at = 0; at < content.length; at += step) response.write(content.subarray(at, at + step));
      response.end();
    },
    drip: () => {
      let count = 0;
      const timer = setInterval(() => {
        response.write('drop');
        if (++count === 4) {
          clearInterval(timer);
          response.end();
        }
      }, 50);
    },
    status: () => {
      response.writeHead(+argument, { 'X-Status': argument });
      response.end();
    },
    gzip: () => whole(zlib.gzipSync(text), { 'Content-Encoding': 'gzip' }),
    deflate: () => {
      response.setHeader('Content-Encoding', 'deflate');
      response.write(zlib.deflateSync(text));
      response.end();
    },
    latin: () => {
      response.setHeader('X-Latin', 'caf\xe9');
      response.end(Buffer.from(request.headers['x-latin'] || '', 'latin1'));
    },
    close: () => whole(Buffer.from('closed'), { Connection: 'close' }),
    hints: () => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      setTimeout(() => whole(text), 20);
    },
    trailers: () => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write(text);
      response.addTrailers({ 'X-Sum': '1' });
      response.end();
    },
    echo: () => {
      const { method, url, headers } = request;
      const told = { method, target: url, length: body.length, sum: crc32(body), id: headers['x-id'] || '' };
      whole(Buffer.from(JSON.stringify(told)));
    },
  };
  (routes[path] || routes.echo)();
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts)));
});
server.keepAliveTimeout = 1000;
server.listen(+process.argv[2], '127.0.0.1');
