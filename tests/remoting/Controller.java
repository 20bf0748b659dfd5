import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Starts an agent with the given words and has it do the Work; prints a line for each thing that it tried. */
public final class Controller {
    public static void main(String[] words) throws Exception {
        var agent = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var preamble = new String(agent.getInputStream().readNBytes(Agent.PREAMBLE.length()), StandardCharsets.US_ASCII);
        if (!preamble.equals(Agent.PREAMBLE)) {
            throw new IllegalStateException("no agent, but: " + preamble);
        }
        var in = new ObjectInputStream(agent.getInputStream());
        var out = new ObjectOutputStream(agent.getOutputStream());
        out.writeObject(new Object[] {"task", serialised(new Work())});
        out.flush();
        while (true) {
            var frame = (Object[]) in.readObject();
            if (frame[0].equals("class")) {
                out.writeObject(new Object[] {"class", frame[1], bytes((String) frame[1])});
                out.flush();
                System.out.println("fetched\t" + frame[1]);
            } else if (frame[0].equals("result")) {
                ((Map<?, ?>) frame[1]).forEach((name, told) -> System.out.println(name + "\t" + told));
                break;
            } else {
                throw new IllegalStateException((String) frame[1]);
            }
        }
        out.close();
        System.out.println("ended\t" + agent.waitFor());
    }

    private static byte[] serialised(Object task) throws Exception {
        var bytes = new ByteArrayOutputStream();
        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(task);
        }
        return bytes.toByteArray();
    }

    private static byte[] bytes(String name) throws Exception {
        try (var in = Controller.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
            return in == null ? new byte[0] : in.readAllBytes();
        }
    }
}
