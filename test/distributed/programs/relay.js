/** Passes on what comes to a port, some milliseconds later each way, as a network that is far does. */
import { connect, createServer } from 'node:net';

const [from, to, delay] = process.argv.slice(2).map(Number);
const pass = (source, target) => {
  source.on('data', bytes => setTimeout(() => target.write(bytes), delay));
  source.on('close', () => setTimeout(() => target.destroy(), delay));
  source.on('error', () => {});
};
const server = createServer(near => {
  const far = connect(to, '127.0.0.1');
  pass(near, far);
  pass(far, near);
});
server.listen(from, () => console.log('ready to accept connections'));
