export default function Page() {
  return <p>myelin</p>;
}
