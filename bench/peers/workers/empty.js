/** Reads its request, and nothing else. */
export default {
  async fetch(request) {
    return Response.json([(await request.arrayBuffer()).byteLength]);
  },
};
