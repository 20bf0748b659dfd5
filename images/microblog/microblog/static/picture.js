// Shows a picture before it is sent, and makes a large one small enough for a phone's line.
const LONGEST_SIDE = 1600;
const FROM_BYTES = 500000;

const reduced = async (file) => {
  if (file.size < FROM_BYTES || file.type === "image/gif") return file;
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/webp", 0.9));
  return blob && blob.size < file.size ? new File([blob], "picture.webp", { type: blob.type }) : file;
};

for (const input of document.querySelectorAll("input[type=file][data-preview]")) {
  const preview = document.createElement("canvas");
  preview.className = "preview";
  preview.hidden = true;
  input.after(preview);

  const show = async (file) => {
    const bitmap = await createImageBitmap(file);
    preview.width = bitmap.width;
    preview.height = bitmap.height;
    preview.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    preview.hidden = false;
  };

  input.addEventListener("change", async () => {
    preview.hidden = true;
    const [file] = input.files;
    if (!file) return;
    try {
      const smaller = await reduced(file);
      if (input.files[0] !== file) return;
      if (smaller !== file) {
        const transfer = new DataTransfer();
        transfer.items.add(smaller);
        input.files = transfer.files;
      }
      await show(smaller);
    } catch {
      // The server says what is wrong with it.
    }
  });
}
