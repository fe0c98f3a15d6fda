package wordcount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.Collections;
import org.apache.storm.topology.BasicBoltExecutor;
import org.apache.storm.tuple.Tuple;
import org.junit.jupiter.api.Test;

class BoltsTest {
    private final Fakes.Bolt out = new Fakes.Bolt();

    @Test
    void splitsIntoLowerCaseWordsAnchoredToTheirSentence() {
        BasicBoltExecutor split = new BasicBoltExecutor(new SplitBolt());
        split.prepare(Collections.emptyMap(), null, out);
        Tuple sentence = Fakes.tuple("\"The sea,\" he said: the Sea!");
        split.execute(sentence);
        assertEquals(Arrays.asList("the", "sea", "he", "said", "the", "sea"), out.values);
        assertEquals(Collections.nCopies(6, sentence), out.anchors);
        assertEquals(Collections.singletonList(sentence), out.acked);
    }

    @Test
    void countsWordsAndNotTicks() {
        CountBolt bolt = new CountBolt();
        BasicBoltExecutor count = new BasicBoltExecutor(bolt);
        count.prepare(Collections.emptyMap(), null, out);
        assertEquals("counted 0 words, 0 different; most frequent: none", bolt.summary());
        for (String word : "the sea takes the boat".split(" ")) {
            count.execute(Fakes.tuple(word));
        }
        count.execute(Fakes.tick());
        assertEquals("counted 5 words, 4 different; most frequent: the=2", bolt.summary());
        assertEquals(6, out.acked.size());
    }

    @Test
    void sleepsForEachWordAsItsConfigurationSays() throws InterruptedException {
        CountBolt bolt = new CountBolt();
        new BasicBoltExecutor(bolt).prepare(Collections.singletonMap(CountBolt.MILLIS, 600_000), null, out);
        Thread thread = new Thread(() -> bolt.execute(Fakes.tuple("sea"), null));
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            assertNotEquals(Thread.State.TERMINATED, thread.getState());
            Thread.yield();
        }
        thread.interrupt();
        thread.join();
        assertEquals("counted 1 words, 1 different; most frequent: sea=1", bolt.summary());
    }
}
