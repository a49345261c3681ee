import { upload } from "../../lib/api";
import { useAction } from "../../ui/hooks";
import { Problem } from "../../ui/Problem";

/** The images that a sheet names and that are not there yet: they are found by their names. */
export function ReferenceUpload({ done }: { done: () => void }) {
  const add = useAction(async (files: File[]) => {
    await Promise.all(files.map((file) => upload(file, "product")));
    done();
  });
  return (
    <>
      <label class={`button small file${add.busy ? " busy" : ""}`}>
        <input
          type="file"
          multiple
          accept="image/png,image/jpeg,image/webp"
          disabled={add.busy}
          onChange={(event) => {
            const files = [...(event.currentTarget.files ?? [])];
            if (files.length) void add.run(files);
            event.currentTarget.value = "";
          }}
        />
        <span>{add.busy ? "Uploading…" : "Upload the images that the sheet names"}</span>
      </label>
      <Problem error={add.error} />
    </>
  );
}
