package wordcount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SentenceSpoutTest {
    private final Fakes.Spout out = new Fakes.Spout();

    private SentenceSpout spout(int rate) {
        SentenceSpout spout = new SentenceSpout();
        spout.open(Collections.singletonMap(SentenceSpout.RATE, rate), null, out);
        return spout;
    }

    @Test
    void goesThroughAllSentencesAndStartsAgain() {
        SentenceSpout spout = spout(0);
        List<String> sentences = SentenceSpout.readSentences();
        for (int i = 0; i <= sentences.size(); i++) {
            spout.nextTuple();
        }
        assertEquals(sentences, out.sentences.subList(0, sentences.size()));
        assertEquals(sentences.get(0), out.sentences.get(sentences.size()));
        assertEquals(sentences.size() + 1, out.ids.stream().distinct().count());
    }

    @Test
    void emitsTheSentencesOfTheConfiguration() {
        SentenceSpout spout = new SentenceSpout();
        spout.open(Collections.singletonMap(SentenceSpout.SENTENCES, Arrays.asList("one", "two")), null, out);
        spout.nextTuple();
        assertEquals(Collections.singletonList("one"), out.sentences);
    }

    @Test
    void replaysWhatFailedUntilItIsAcked() {
        SentenceSpout spout = spout(0);
        spout.nextTuple();
        spout.nextTuple();
        Object id = out.ids.get(0);
        for (int i = 2; i < 4; i++) {
            spout.fail(id);
            spout.nextTuple();
            assertEquals(id, out.ids.get(i));
            assertEquals(out.sentences.get(0), out.sentences.get(i));
        }
        assertEquals(2, spout.pending());
        spout.ack(id);
        spout.nextTuple();
        assertNotEquals(id, out.ids.get(4));
    }

    @Test
    void replaysInTheOrderOfFailure() {
        SentenceSpout spout = spout(0);
        for (int i = 0; i < 3; i++) {
            spout.nextTuple();
        }
        spout.fail(out.ids.get(2));
        spout.fail(out.ids.get(0));
        spout.nextTuple();
        spout.nextTuple();
        assertEquals(Arrays.asList(out.ids.get(2), out.ids.get(0)), out.ids.subList(3, 5));
    }

    @Test
    void forgetsWhatIsAcked() {
        SentenceSpout spout = spout(0);
        spout.nextTuple();
        spout.nextTuple();
        assertEquals(2, spout.pending());
        out.ids.forEach(spout::ack);
        assertEquals(0, spout.pending());
    }

    @Test
    void emitsNoMoreThanItsRate() {
        SentenceSpout spout = spout(1);
        spout.nextTuple();
        spout.nextTuple();
        assertEquals(1, out.ids.size());
    }

    @Test
    void saysWhatIsAckedAndWhatWasReplayed() {
        SentenceSpout spout = spout(0);
        spout.nextTuple();
        spout.nextTuple();
        spout.fail(out.ids.get(1));
        spout.nextTuple();
        spout.ack(out.ids.get(0));
        assertEquals("emitted 2 sentences: 1 acked, 1 under way; 1 emissions were replays", spout.summary());
    }
}
